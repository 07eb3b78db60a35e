#include "cli/commands/heatmap_files.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/picture_file.h"
#include "core/image/decode_shrunk.h"
#include "core/image/encode.h"
#include "core/image/heat_overlay.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Large enough to see what it is about.
constexpr int kShortSide = 480;
constexpr int kQuality = 90;
constexpr std::size_t kLongestName = 100;

// Only what is harmless in a file's name.
std::string plain_name(const std::string& picture) {
  std::string name = fs::path(picture).stem().string();
  for (char& c : name) {
    if (!is_letter_or_digit(c) && c != '-' && c != '_' && c != '.') c = '_';
  }
  if (name.size() > kLongestName) name.resize(kLongestName);
  return name.empty() || name.front() == '.' || name == "-" ? "picture" : name;
}

// As large as a person wants it, where its file can still be read.
Image large(const Prediction& prediction) {
  std::vector<std::uint8_t> bytes;
  if (prediction.name != "-" && read_picture_file(prediction.name, bytes).problem.empty()) {
    DecodeResult decoded = decode_shrunk(bytes, kShortSide);
    if (decoded.ok()) return std::move(decoded.image);
  }
  return prediction.decoded.image;
}

}  // namespace

HeatmapFiles::HeatmapFiles(fs::path folder) : folder_(std::move(folder)) { make_folders(folder_); }

fs::path HeatmapFiles::path_for(const std::string& picture) {
  const std::string name = plain_name(picture);
  for (;;) {
    const int number = ++numbers_[name];
    fs::path path = folder_ / (number == 1 ? fmt::format("{}-heatmap.jpg", name)
                                           : fmt::format("{}-{}-heatmap.jpg", name, number));
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return path;
  }
}

std::string HeatmapFiles::add(PictureModel& model, const Prediction& prediction) {
  if (!prediction.problem.empty()) return {};
  const auto answer = static_cast<int>(top_classes(prediction.probabilities, 1).front());
  const Heatmap heat = model.heatmap(prediction.decoded.image, answer);
  const Image& asked = prediction.decoded.image;
  const double width = asked.width, height = asked.height;
  const auto part = [](double edge, double side) { return static_cast<float>(edge / side); };
  HeatField field{heat.width, heat.height, heat.values};
  field.left = part(heat.left, width);
  field.right = part(heat.right, width);
  field.top = part(heat.top, height);
  field.bottom = part(heat.bottom, height);
  const Image picture = with_heat(large(prediction), field);
  const std::vector<std::uint8_t> jpeg = to_jpeg(picture, kQuality);
  const fs::path path = path_for(prediction.name);
  write_file_atomic(path,
                    std::string_view(reinterpret_cast<const char*>(jpeg.data()), jpeg.size()));
  return path.string();
}

}  // namespace mat
