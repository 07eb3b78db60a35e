#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// A container around a command. Inside, the folders below have the same paths as outside, so that
// arguments and environment mean the same in both; /tmp is empty and writable, everything else is
// the image's and cannot be changed. The user is the same.
struct Container {
  // A root file system as a folder or tarball (an absolute path; through bubblewrap), or an image's
  // name (through podman, else docker; it must be there already, nothing is downloaded).
  std::string image;
  std::vector<std::filesystem::path> read_only;  // data, as given to the command
  std::vector<std::filesystem::path> writable;   // beside working folder, output and metrics file
  bool network = false;
  std::filesystem::path image_cache;  // where tarballs are unpacked: HOME/cache/images
  // Names of variables that mean the inside: passed on where others of these names are this
  // machine's (HOME, PATH, LD_LIBRARY_PATH, TMPDIR).
  std::vector<std::string> own_variables;
};

// Whether `image` means a file or folder: it begins with '/', './', '../' or '~', or ends as a
// tarball does. Everything else is a name for podman and docker.
bool is_image_path(std::string_view image);

// Throws a usage error when `image` means a file or folder that is not there, cannot be read, or is
// a folder without a root file system. Looks at nothing else.
void check_image_place(const std::string& image);

// Throws a usage error when the image is a folder and neither it nor what is mounted into it has
// the program, by the PATH of `environment` (NAME=VALUE). What other images have is not known.
void check_program_in_image(const Container& container, const std::string& program,
                            const std::vector<std::string>& environment,
                            const std::filesystem::path& working_folder);

// Throws a usage error, with how to mend it, when the image is not there or what runs it is not
// installed or does not work on this machine. Tools are looked for in the PATH of `environment`
// (NAME=VALUE). Takes up to some seconds; changes nothing.
void check_container(const Container& container, const std::vector<std::string>& environment);

// How a command in a container is started from outside.
struct ContainerCommand {
  enum class Through { bubblewrap, engine };
  Through through = Through::bubblewrap;
  std::vector<std::string> arguments;    // an absolute path first
  std::vector<std::string> environment;  // of the tool; of the command, too, with bubblewrap
  // What ends a container that is not in the process tree (docker's); empty for others.
  std::vector<std::string> clean_up;
};

// `arguments` in the container, beginning in `working_folder`; that and `writable` can be written
// to. Unpacks a tarball that is not in the cache yet, and asks `stop_requested`, which may be
// empty, meanwhile. Throws like check_container() and root_folder(), and a usage error when the
// container has no such program.
ContainerCommand in_container(const Container& container, const std::vector<std::string>& arguments,
                              const std::vector<std::string>& environment,
                              const std::filesystem::path& working_folder,
                              const std::vector<std::filesystem::path>& writable,
                              const std::function<bool()>& stop_requested);

}  // namespace mat
