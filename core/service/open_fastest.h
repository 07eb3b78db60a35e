#pragma once

#include <functional>
#include <memory>

#include "core/training/trainer.h"

namespace mat {

// Opens a model with as many threads as answer for one picture the fastest: all of the request's,
// or half of them. To be called by the thread that will answer.
std::unique_ptr<PictureModel> open_fastest(
    const std::function<std::unique_ptr<PictureModel>(const ModelRequest&)>& open,
    ModelRequest request);

}  // namespace mat
