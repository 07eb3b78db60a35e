#pragma once

#include <cstdint>
#include <string>

#include "core/image/image.h"
#include "core/image/resize.h"
#include "trainers/data/random.h"

// What a network sees of a picture: size × size, 8-bit RGB, size*size*3 bytes. Thread safe with a
// scratch per thread.

namespace mat {

// What evaluation_view() has around the cut-out.
constexpr double kEvaluationMargin = 1.14;

struct Augmentation {
  double crop_min_area = 0.35;  // random resized crop: part of the area, up to 1
  double crop_max_aspect = 4.0 / 3.0;
  bool flip = true;
};

// torchvision's RandomResizedCrop, in whole pixels of the picture, and a flip half of the time.
void training_view(const ImageView& picture, int size, const Augmentation& augmentation,
                   Random& random, std::uint8_t* out, ResizeScratch& scratch);

// The view of validation, prediction and services: the centre of the picture, as if its shorter
// side became int(size * kEvaluationMargin) and the centre square of `size` was cut out
// (torchvision's evaluation preset). That square of the picture is resized at once, which gives the
// same pixels but for rounding.
void evaluation_view(const ImageView& picture, int size, std::uint8_t* out, ResizeScratch& scratch);

// Squares to look at in turn, for an answer that does not hang on one cut-out.
enum class View {
  margin,  // evaluation_view()
  whole,   // whole_view()
  centre,  // the largest squares: in the middle, at the top or the left, at the other end
  first,
  last,
};
const char* name_of(View view);            // "margin", "whole", …
View view_named(const std::string& name);  // a bug error when there is none of the name
void picture_view(const ImageView& picture, View view, int size, std::uint8_t* out,
                  ResizeScratch& scratch);

// What a view shows, in pixels of the picture; View::whole may reach beyond it.
struct ViewEdges {
  double left = 0, top = 0, right = 0, bottom = 0;
};
ViewEdges edges_of(const ImageView& picture, View view, int size);

}  // namespace mat
