#include "trainers/models/network.h"

#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/models/mobilenet_v3.h"
#include "trainers/models/resnet.h"
#include "trainers/models/small_cnn.h"

namespace mat {
namespace {

constexpr int kStandardWidth = 64;

struct ResNetShape {
  const char* name;
  ResNetBlock block;
  std::vector<int> depths;
};

const std::vector<ResNetShape>& resnet_shapes() {
  static const std::vector<ResNetShape> shapes = {
      {"resnet18", ResNetBlock::basic, {2, 2, 2, 2}},
      {"resnet34", ResNetBlock::basic, {3, 4, 6, 3}},
      {"resnet50", ResNetBlock::bottleneck, {3, 4, 6, 3}},
  };
  return shapes;
}

}  // namespace

std::shared_ptr<ImageNetwork> make_image_network(const std::string& name, int classes) {
  const std::size_t suffix = name.find("_w");
  const std::string base = name.substr(0, suffix);
  for (const ResNetShape& shape : resnet_shapes()) {
    if (base != shape.name) continue;
    std::optional<double> width = kStandardWidth;
    if (suffix != std::string::npos) width = parse_number(name.substr(suffix + 2));
    if (width) return make_resnet(shape.block, shape.depths, static_cast<int>(*width), classes);
  }
  if (name == "mobilenet_v3_small") return make_mobilenet_v3_small(classes);
  if (name == "small_cnn") return make_small_cnn(classes);
  throw Error(ErrorKind::bug, "there is no network '" + name + "'");
}

}  // namespace mat
