#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/http/message.h"
#include "core/service/batcher.h"

namespace mat {

// The KServe inference protocol, version 2, as JSON.

// A request to …/infer. Its one input is BYTES [N], pictures' files in base64, or UINT8 (0 to 255)
// or FP32 (0 to 1) [N, height, width, 3], or [height, width, 3], the pixels of pictures. Beyond the
// protocol, a picture's file alone is the body where the media type is image/…
struct InferRequest {
  std::string id;
  std::vector<AskedPicture> pictures;
  std::vector<std::string> outputs;  // empty: all
};

constexpr const char* kImageInput = "image";
constexpr const char* kProbabilitiesOutput = "probabilities";  // FP32 [N, classes]
constexpr const char* kLabelOutput = "label";                  // BYTES [N]

// Throws HttpFailure.
InferRequest read_infer_request(HttpRequest&& request, std::int64_t max_pixels);

// What answers: as it was asked for, and "clothes@V0003", which no other model is called.
struct InferModel {
  std::string name, version, reference;
  Json computes = Json::object();  // what it computes with: "device", "precision", …
};

// What every answer has: the model, the request's id and the outputs.
Json infer_document(const InferModel& model, const std::string& id, Json outputs);

// A picture without an answer makes the whole an error, as the protocol has no other way. Where a
// picture is damaged, parameters has "warnings", for each picture one or null.
HttpResponse answer_infer(const InferRequest& request, const InferModel& model,
                          const std::vector<std::string>& classes,
                          const std::vector<PictureAnswer>& answers);

Json server_metadata(const std::string& name);
Json model_metadata(const InferModel& model, const std::vector<std::string>& classes);
// What the model computes with, into "parameters".
void add_computes(const InferModel& model, Json& parameters);

}  // namespace mat
