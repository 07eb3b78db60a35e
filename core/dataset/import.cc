#include "core/dataset/import.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/dataset/import_collector.h"
#include "core/image/decode.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, ImportFormat>, 6> kFormats = {
    {{"auto", ImportFormat::automatic},
     {"folder", ImportFormat::folder},
     {"text", ImportFormat::text},
     {"csv", ImportFormat::csv},
     {"manifest", ImportFormat::manifest},
     {"sagemaker", ImportFormat::sagemaker}}};

// What stands at the beginning of the file, blanks and a byte order mark left out. Throws a usage
// error for a picture.
char first_character(const fs::path& file) {
  const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 4096> bytes{};
  const ssize_t size = fd ? ::read(fd.get(), bytes.data(), bytes.size()) : -1;
  if (size < 0) throw_io_error(fmt::format("cannot read '{}'", file.string()), errno);
  std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  if (sniff_format({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) !=
      ImageFormat::unknown) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is one picture, not labelled data", file.string()),
                "labelled data is a folder of pictures, a manifest or a CSV file");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text = trim(text);
  return text.empty() ? '\0' : text.front();
}

ImportFormat format_of_lines(const fs::path& file) {
  JsonLines lines(file);
  Json line;
  for (int i = 0; i < 100; ++i) {
    try {
      if (!lines.next(line)) break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;
      continue;  // told when it is read again
    }
    if (line.contains("source")) return ImportFormat::manifest;
    if (line.contains("source-ref")) return ImportFormat::sagemaker;
  }
  return ImportFormat::manifest;
}

ImportFormat format_of_file(const fs::path& file) {
  const char first = first_character(file);
  if (first == '{') return format_of_lines(file);
  if (first == '[') {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is one JSON list; a manifest has one object in each line",
                            file.string()));
  }
  if (first == '\0') throw Error(ErrorKind::usage, fmt::format("'{}' is empty", file.string()));
  return ImportFormat::csv;
}

ImportFormat format_of(const fs::path& source, bool is_folder) {
  if (!is_folder) return format_of_file(source);
  return has_label_files(source) ? ImportFormat::text : ImportFormat::folder;
}

bool is_of_folders(ImportFormat format) {
  return format == ImportFormat::folder || format == ImportFormat::text;
}

// An option that would be of no use is a mistake: perhaps another folder or file was meant.
void refuse_unused(const ImportOptions& options, ImportFormat format, const fs::path& source) {
  std::vector<std::string> unused;
  const auto require = [&](bool is_given, bool is_of_format, const char* name) {
    if (is_given && !is_of_format) unused.emplace_back(name);
  };
  const bool is_csv = format == ImportFormat::csv;
  require(!options.image_column.empty(), is_csv, "--image-column");
  require(!options.label_column.empty(), is_csv, "--label-column");
  require(!options.usage_column.empty(), is_csv, "--usage-column");
  require(options.delimiter != 0, is_csv, "--delimiter");
  require(!options.label_attribute.empty(), format == ImportFormat::sagemaker, "--label-attribute");
  require(!options.sources.empty(), !is_of_folders(format), "--map-source");
  if (unused.empty()) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} {} of no use: '{}' is read in the format {}", join(unused, ", "),
                          unused.size() == 1 ? "is" : "are", source.string(), format_text(format)),
              "leave out what is not of that format, or name another folder or file");
}

}  // namespace

const char* format_text(ImportFormat format) {
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(),
                                   [&](const auto& known) { return known.second == format; });
  return found->first;
}

ImportFormat parse_import_format(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) {
    if (text == name) return format;
    names.emplace_back(name);
  }
  throw Error(ErrorKind::usage, fmt::format("there is no format '{}'", text),
              name_hint(text, names));
}

ImportSummary import_pictures(const fs::path& source, const ImportOptions& options,
                              const ImportSink& sink) {
  require_there(source, "folder or file");
  std::error_code error;
  const fs::file_status status = fs::status(source, error);
  const bool is_folder = fs::is_directory(status);
  if (!is_folder && !fs::is_regular_file(status)) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is neither a folder nor a regular file", source.string()));
  }
  const ImportFormat format =
      options.format == ImportFormat::automatic ? format_of(source, is_folder) : options.format;
  if (is_of_folders(format) != is_folder) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is a {}, which the format {} does not read", source.string(),
                            is_folder ? "folder" : "file", format_text(format)));
  }
  refuse_unused(options, format, source);
  ImportCollector collector(options, format, sink);
  if (!is_folder) collector.keep_within(source.parent_path());
  if (is_folder) {
    import_folder(source, format == ImportFormat::text, collector);
  } else if (format == ImportFormat::csv) {
    import_csv(source, collector);
  } else if (format == ImportFormat::manifest) {
    import_manifest(source, collector);
  } else {
    import_sagemaker(source, collector);
  }
  return collector.finish(source);
}

}  // namespace mat
