// Any bytes as the body of a request to a service: pictures or rows, or a proper HTTP error. The
// first byte chooses what it is said to be, and to which service it goes.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/http/failure.h"
#include "core/http/message.h"
#include "core/service/kserve.h"
#include "core/service/picture_request.h"
#include "core/service/table_kserve.h"
#include "core/service/table_request.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const mat::TableDescription& table() {
  static const mat::TableDescription description = mat::table_description_from_json(
      mat::parse_json(R"({"kind":"table","task":"regression","target":"t","target_mean":0,)"
                      R"("target_deviation":1,"columns":[{"name":"n","type":"number","mean":0,)"
                      R"("deviation":1,"has_missing":true},{"name":"c","type":"category",)"
                      R"("categories":["a","b"],"has_other":true,"has_missing":false}]})",
                      "it"),
      "it");
  return description;
}

void require_rows(std::size_t rows, const std::vector<float>& inputs) {
  require(rows <= 10'000 && inputs.size() == rows * table().encoder.inputs());
  for (const float input : inputs) require(std::isfinite(input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  mat::HttpRequest request;
  request.method = "POST";
  request.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int kind = data[0] % 7;
  const char* const types[] = {"application/json",
                               "multipart/form-data; boundary=b",
                               "application/x-www-form-urlencoded",
                               "application/json",
                               "application/json",
                               "text/csv",
                               "application/json"};
  request.headers = {{"Content-Type", types[kind]}};
  std::string path, query;
  if (mat::split_target(request.body, path, query)) {
    require(path.front() == '/' && (path + "/").find("/../") == std::string::npos);
  }
  try {
    if (kind == 6) {
      const mat::TableInferRequest asked = mat::read_table_infer(request, table());
      require_rows(asked.rows, asked.inputs);
      require(asked.rows > 0);
    } else if (kind >= 4) {
      const mat::TableRowsRequest asked = mat::read_table_request(std::move(request), table());
      require_rows(asked.rows, asked.inputs);
      require(asked.is_list || asked.rows == 1);
    } else if (kind == 3) {
      const mat::InferRequest asked = mat::read_infer_request(mat::HttpRequest(request), 1'000'000);
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
