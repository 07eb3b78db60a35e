#include "trainers/exeml/recipe.h"

namespace mat {

Json to_json(const Recipe& recipe) {
  Json sizes = Json::array();
  for (const Recipe::Size& size : recipe.sizes) {
    sizes.push_back({{"from", size.from}, {"pixels", size.pixels}});
  }
  const StrongAugmentation& a = recipe.augmentation;
  return {{"name", recipe.name},
          {"network", recipe.network},
          {"lr", recipe.lr},
          {"weight_decay", recipe.weight_decay},
          {"momentum", recipe.momentum},
          {"batch_size", recipe.batch_size},
          {"warmup", recipe.warmup},
          {"label_smoothing", recipe.label_smoothing},
          {"mix", recipe.mix},
          {"mix_until", recipe.mix_until},
          {"sizes", sizes},
          {"augmentation",
           {{"min_area", a.min_area},
            {"max_log_aspect", a.max_log_aspect},
            {"rotation_deg", a.rotation_deg},
            {"shear", a.shear},
            {"flip", a.flip},
            {"brightness", a.brightness},
            {"contrast", a.contrast},
            {"saturation", a.saturation},
            {"hue_deg", a.hue_deg},
            {"grey", a.grey},
            {"erase", a.erase}}}};
}

}  // namespace mat
