#include "cli/ui/download.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const HttpFile> open_body(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat state {};
  if (!file || ::fstat(file.get(), &state) != 0) {
    throw_io_error(fmt::format("cannot read '{}'", path.string()), errno);
  }
  return std::make_shared<const HttpFile>(
      HttpFile{std::move(file), static_cast<std::uint64_t>(state.st_size)});
}

std::string attachment(const fs::path& file) {
  std::string name = file.filename().string();
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !is_letter_or_digit(c) && std::string_view("._-").find(c) == std::string_view::npos;
      },
      '_');
  return fmt::format("attachment; filename=\"{}\"", name);
}

}  // namespace

HttpResponse download(const fs::path& file) {
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.file = open_body(file);
  response.headers = {{"Content-Disposition", attachment(file)}};
  return response;
}

}  // namespace mat
