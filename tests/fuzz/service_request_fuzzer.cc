// Any bytes as the body of a request to a service: pictures, or a proper HTTP error. The first byte
// chooses what it is said to be.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/http/failure.h"
#include "core/http/message.h"
#include "core/service/kserve.h"
#include "core/service/picture_request.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  mat::HttpRequest request;
  request.method = "POST";
  request.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int kind = data[0] % 4;
  const char* const types[] = {"application/json", "multipart/form-data; boundary=b",
                               "application/x-www-form-urlencoded", "application/json"};
  request.headers = {{"Content-Type", types[kind]}};
  std::string path, query;
  if (mat::split_target(request.body, path, query)) {
    require(path.front() == '/' && (path + "/").find("/../") == std::string::npos);
  }
  try {
    if (kind == 3) {
      const mat::InferRequest asked = mat::read_infer_request(request, 1'000'000);
      require(!asked.pictures.empty() && asked.pictures.size() <= mat::kMostPictures);
    } else {
      const mat::PictureRequest asked = mat::read_picture_request(std::move(request));
      require(asked.pictures.size() == asked.problems.size());
      require(asked.pictures.size() <= mat::kMostPictures);
      require(asked.is_list || asked.pictures.size() == 1);
    }
  } catch (const mat::HttpFailure& e) {
    require(e.status() >= 400 && e.status() < 500);
  }
  return 0;
}
