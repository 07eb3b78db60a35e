#pragma once

#include <string>
#include <vector>

#include "core/image/image.h"
#include "core/training/trainer.h"
#include "tests/temp_folder.h"
#include "tests/trainers/models/random_networks.h"
#include "trainers/data/normalization.h"
#include "trainers/models/weights_file.h"

namespace mat {

// Noise with shapes in it, so that resizing has something to do.
inline Image noise_picture(int width, int height, unsigned seed) {
  Image image;
  image.width = width;
  image.height = height;
  unsigned state = seed * 2654435761U + 7;
  for (std::size_t i = 0; i < image.byte_count(); ++i) {
    state = state * 1664525U + 1013904223U;
    const std::size_t x = i / 3 % static_cast<std::size_t>(width), y = i / 3 / width;
    const bool inside = (x / 9 + y / 7) % 3 == seed % 3;
    image.pixels.push_back(static_cast<std::uint8_t>((state >> 26) + (inside ? 190 : i % 3 * 40)));
  }
  return image;
}

inline ModelDescription description_for(const std::string& network, int size) {
  ModelDescription description;
  description.network = network;
  description.classes = {"ant", "bee", "cat"};
  Preprocessing& p = description.preprocessing;
  p.image_size = size;
  p.short_side = 2 * size;
  p.level_side = size * 3 / 2;
  p.views = {"whole", "margin", "centre", "first", "last"};
  p.mirrored = true;
  p.mean = {0.485, 0.456, 0.406};
  p.deviation = {0.229, 0.224, 0.225};
  description.temperature = 1.5;
  return description;
}

// A network with random weights, saved with nothing but them.
inline ModelRequest saved_model(const std::string& network, const TempFolder& folder,
                                int size = 40) {
  torch::manual_seed(11);
  ModelRequest request;
  request.description = description_for(network, size);
  request.file = folder / (network + ".weights.safetensors");
  save_weights(weights_of(*random_network(network, 3)), request.file);
  request.cache_folder = folder.path();
  request.threads = 1;
  request.device = "cpu";
  request.layout = "contiguous";
  return request;
}

}  // namespace mat
