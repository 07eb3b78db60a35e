#include "core/dataset/description.h"

#include <xxhash.h>

#include <memory>
#include <new>

#include "core/cache/content.h"

namespace mat {
namespace {

Json to_json(const ClassCounts& counts) {
  return {{"train", counts.train},
          {"validation", counts.validation},
          {"test", counts.test},
          {"unreadable", counts.unreadable}};
}

}  // namespace

std::vector<ClassCounts> count_classes(const PictureSet& folder,
                                       const std::vector<PixelCache::Picture>& pictures) {
  std::vector<ClassCounts> classes(folder.classes.size());
  for (std::size_t i = 0; i < folder.samples.size(); ++i) {
    ClassCounts& counts = classes[folder.samples[i].label];
    if (!pictures[i].problem.empty()) {
      ++counts.unreadable;
    } else if (folder.samples[i].usage == Usage::train) {
      ++counts.train;
    } else {
      ++(folder.samples[i].usage == Usage::test ? counts.test : counts.validation);
    }
  }
  return classes;
}

std::string dataset_fingerprint(const PictureSet& folder,
                                const std::vector<PixelCache::Picture>& pictures) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  if (!state) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  for (std::size_t i = 0; i < folder.samples.size(); ++i) {
    const PictureSample& sample = folder.samples[i];
    // Names cannot contain the NUL that ends them here.
    XXH3_128bits_update(state.get(), sample.name.c_str(), sample.name.size() + 1);
    const std::uint64_t rest[] = {static_cast<std::uint64_t>(sample.label),
                                  pictures[i].content_high, pictures[i].content_low};
    XXH3_128bits_update(state.get(), rest, sizeof(rest));
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return to_hex({hash.high64, hash.low64});
}

Json describe_dataset(const PictureSet& folder, const std::vector<PixelCache::Picture>& pictures) {
  const std::vector<ClassCounts> classes = count_classes(folder, pictures);
  ClassCounts total;
  Json per_class = Json::object();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    total.train += classes[i].train;
    total.validation += classes[i].validation;
    total.test += classes[i].test;
    total.unreadable += classes[i].unreadable;
    per_class[folder.classes[i]] = to_json(classes[i]);
  }
  Json description = {{"root", folder.root.string()},
                      {"fingerprint", dataset_fingerprint(folder, pictures)},
                      {"classes", folder.classes}};
  description.update(to_json(total));
  if (!folder.manifest.empty()) {
    description["manifest"] = folder.manifest.string();
    description["unlabelled"] = folder.unlabelled;
    description["several_labels"] = folder.several_labels;
  }
  description["per_class"] = std::move(per_class);
  return description;
}

}  // namespace mat
