#include "trainers/models/network.h"

#include "core/base/error.h"
#include "trainers/models/mobilenet_v3.h"
#include "trainers/models/resnet.h"
#include "trainers/models/small_cnn.h"

namespace mat {

std::shared_ptr<Network> make_image_network(const std::string& algorithm, int classes) {
  if (algorithm == "resnet18") return make_resnet(ResNetBlock::basic, {2, 2, 2, 2}, classes);
  if (algorithm == "resnet34") return make_resnet(ResNetBlock::basic, {3, 4, 6, 3}, classes);
  if (algorithm == "resnet50") return make_resnet(ResNetBlock::bottleneck, {3, 4, 6, 3}, classes);
  if (algorithm == "mobilenet_v3_small") return make_mobilenet_v3_small(classes);
  if (algorithm == "small_cnn") return make_small_cnn(classes);
  throw Error(ErrorKind::bug, "no network for the algorithm '" + algorithm + "'");
}

}  // namespace mat
