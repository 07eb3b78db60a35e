#pragma once

#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/service/batcher.h"

namespace mat {

// What a request to /predict asks about.
struct PictureRequest {
  std::vector<AskedPicture> pictures;
  // For each picture, why it is none though the request is whole ("not base64"); or empty.
  std::vector<std::string> problems;
  bool is_list = false;  // the answer is one too
};

// More pictures than this in one request are refused.
constexpr std::size_t kMostPictures = 256;

// The media types that it understands, for answers and openapi.json.
bool is_picture_request_type(const std::string& content_type);

// A picture as the body, one or several as a form, or {"image": base64}, {"images": [base64, …]}.
// Throws HttpFailure.
PictureRequest read_picture_request(HttpRequest&& request);

}  // namespace mat
