#include "trainers/exeml/recipe.h"

namespace mat {
namespace {

// Every field with its name, of a recipe that is read or written.
template <typename AnyRecipe, typename Visit>
void for_each_field(AnyRecipe& r, const Visit& visit) {
  visit("name", r.name);
  visit("network", r.network);
  visit("lr", r.lr);
  visit("weight_decay", r.weight_decay);
  visit("momentum", r.momentum);
  visit("batch_size", r.batch_size);
  visit("warmup", r.warmup);
  visit("label_smoothing", r.label_smoothing);
  visit("mix", r.mix);
  visit("mix_until", r.mix_until);
}

template <typename AnyAugmentation, typename Visit>
void for_each_change(AnyAugmentation& a, const Visit& visit) {
  visit("min_area", a.min_area);
  visit("max_log_aspect", a.max_log_aspect);
  visit("rotation_deg", a.rotation_deg);
  visit("shear", a.shear);
  visit("flip", a.flip);
  visit("brightness", a.brightness);
  visit("contrast", a.contrast);
  visit("saturation", a.saturation);
  visit("hue_deg", a.hue_deg);
  visit("grey", a.grey);
  visit("erase", a.erase);
}

}  // namespace

Json to_json(const Recipe& recipe) {
  Json json;
  for_each_field(recipe, [&](const char* key, const auto& value) { json[key] = value; });
  json["sizes"] = Json::array();
  for (const Recipe::Size& size : recipe.sizes) {
    json["sizes"].push_back({{"from", size.from}, {"pixels", size.pixels}});
  }
  Json& changes = json["augmentation"] = Json::object();
  for_each_change(recipe.augmentation,
                  [&](const char* key, const auto& value) { changes[key] = value; });
  return json;
}

Recipe recipe_from_json(const Json& json) {
  Recipe recipe;
  for_each_field(recipe, [&](const char* key, auto& value) { json.at(key).get_to(value); });
  recipe.sizes.clear();
  for (const Json& size : json.at("sizes")) {
    recipe.sizes.push_back({size.at("from").get<double>(), size.at("pixels").get<int>()});
  }
  const Json& changes = json.at("augmentation");
  for_each_change(recipe.augmentation,
                  [&](const char* key, auto& value) { changes.at(key).get_to(value); });
  return recipe;
}

}  // namespace mat
