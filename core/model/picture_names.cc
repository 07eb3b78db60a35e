#include "core/model/picture_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"
#include "core/cache/picture_file.h"
#include "core/dataset/files_below.h"
#include "core/image/decode.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Enough to tell every format of pictures by.
constexpr std::size_t kFirstBytes = 16;
// A longer line is no file's name.
constexpr std::size_t kLongestName = 64 << 10;
constexpr std::size_t kPiece = 64 << 10;

class Pipe {
 public:
  explicit Pipe(int fd) : fd_(fd) {}

  std::optional<NamedPicture> next() {
    if (!has_begun_) {
      has_begun_ = true;
      while (!is_told() && read_more()) {
      }
      const std::span first(reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size());
      if (sniff_format(first) != ImageFormat::unknown) return picture();
      require_names();
    }
    return name();
  }

 private:
  // Whether a picture can be told from names. A name that is whole is not kept waiting for more:
  // whoever sends it may wait for its answer. JPEG and PNG, which may have line breaks at once, do
  // not begin with ASCII.
  bool is_told() const {
    if (text_.size() >= kFirstBytes) return true;
    return !text_.empty() && static_cast<unsigned char>(text_.front()) < 0x80 &&
           text_.find('\n') != std::string::npos;
  }

  bool read_more() {
    std::array<char, kPiece> piece;
    const std::size_t count = read_some(fd_, piece.data(), piece.size(), "standard input");
    text_.append(piece.data(), count);
    return count > 0;
  }

  // Whoever sends something else would get a line of noise for each "name" in it.
  void require_names() const {
    const auto is_noise = [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte == 0x7f || (byte < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\0');
    };
    if (std::none_of(text_.begin(), text_.end(), is_noise)) return;
    throw Error(ErrorKind::usage, "standard input is neither a picture nor names of files");
  }

  NamedPicture picture() {
    while (text_.size() <= kMaxPictureFileBytes && read_more()) {
    }
    if (text_.size() > kMaxPictureFileBytes) {
      throw Error(ErrorKind::usage, "the picture on standard input is too large");
    }
    NamedPicture picture{"-", std::vector<std::uint8_t>(text_.begin(), text_.end())};
    text_.clear();
    return picture;
  }

  std::optional<NamedPicture> name() {
    for (;;) {
      // Names with line breaks come between zero bytes.
      if (separator_ == '\n' && text_.find('\0') != std::string::npos) separator_ = '\0';
      const std::size_t end = text_.find(separator_);
      if (end == std::string::npos && text_.size() > kLongestName) {
        throw Error(ErrorKind::usage, "standard input is neither a picture nor names of files");
      }
      if (end == std::string::npos && read_more()) continue;
      if (end == std::string::npos && text_.empty()) return std::nullopt;
      std::string name = text_.substr(0, end);
      text_.erase(0, end == std::string::npos ? end : end + 1);
      if (separator_ == '\n' && name.ends_with('\r')) name.pop_back();
      if (!name.empty()) return NamedPicture{std::move(name), std::nullopt};
    }
  }

  int fd_;
  bool has_begun_ = false;
  char separator_ = '\n';
  std::string text_;
};

}  // namespace

PictureFeed::Source named_pictures(std::vector<std::string> names) {
  return [names = std::move(names), at = std::size_t{0}]() mutable -> std::optional<NamedPicture> {
    if (at == names.size()) return std::nullopt;
    return NamedPicture{std::move(names[at++]), std::nullopt};
  };
}

PictureFeed::Source pictures_below(const fs::path& folder) {
  require_there(folder, "folder");
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no folder", folder.string()));
  }
  std::vector<std::string> names = files_below(fs::canonical(folder, error), "").pictures;
  std::sort(names.begin(), names.end());
  for (std::string& name : names) name = (folder / name).string();
  return named_pictures(std::move(names));
}

PictureFeed::Source piped_pictures(int fd) {
  return [pipe = std::make_shared<Pipe>(fd)] { return pipe->next(); };
}

}  // namespace mat
