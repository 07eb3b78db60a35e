#include "trainers/models/network.h"

#include "core/base/error.h"
#include "trainers/models/mobilenet_v3.h"
#include "trainers/models/resnet.h"
#include "trainers/models/small_cnn.h"

namespace mat {

std::shared_ptr<ImageNetwork> make_image_network(const std::string& name, int classes) {
  if (const auto shape = resnet_shape(name)) return make_resnet(*shape, classes);
  if (name == "mobilenet_v3_small") return make_mobilenet_v3_small(classes);
  if (name == "small_cnn") return make_small_cnn(classes);
  throw Error(ErrorKind::bug, "there is no network '" + name + "'");
}

}  // namespace mat
