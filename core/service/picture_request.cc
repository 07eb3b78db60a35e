#include "core/service/picture_request.h"

#include <fmt/core.h>

#include "core/http/base64.h"
#include "core/http/failure.h"
#include "core/http/json_reader.h"
#include "core/http/multipart.h"
#include "core/image/decode.h"

namespace mat {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kForm = "multipart/form-data";
// What curl --data-binary says of whatever it sends.
constexpr const char* kCurl = "application/x-www-form-urlencoded";

void add(PictureRequest& request, std::string bytes, std::string problem = {}) {
  if (request.pictures.size() == kMostPictures) {
    throw HttpFailure(400, fmt::format("more than {} pictures in a request", kMostPictures));
  }
  request.pictures.emplace_back(std::move(bytes));
  request.problems.push_back(std::move(problem));
}

ImageFormat format_of(std::string_view bytes) {
  return sniff_format({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// A text beside the pictures, such as a name or a button of the form.
bool is_text_field(const FormPart& part) {
  const bool says_picture =
      !part.content_type.empty() && !part.content_type.starts_with("text/plain");
  return part.file_name.empty() && !says_picture && format_of(part.bytes) == ImageFormat::unknown;
}

class ImagesReader : public JsonReader {
 public:
  explicit ImagesReader(PictureRequest& request) : request_(request) {}

  void begin_array(std::string_view place) override {
    if (place == "images") request_.is_list = true;
  }
  void text(std::string_view place, std::string& value) override {
    if (place != "image" && place != "images[]") return;
    std::string_view letters = value;
    // As a browser's canvas gives it: data:image/png;base64,…
    if (letters.starts_with("data:")) {
      const std::size_t comma = letters.find(',');
      letters = comma == letters.npos ? std::string_view() : letters.substr(comma + 1);
    }
    auto bytes = decode_base64(letters);
    const bool is_one = bytes && !bytes->empty();
    add(request_, is_one ? std::move(*bytes) : std::string(), is_one ? "" : "not base64");
  }
  void number(std::string_view place, double) override { other(place); }
  void boolean(std::string_view place, bool) override { other(place); }
  void null(std::string_view place) override { other(place); }
  void begin_object(std::string_view place) override { other(place); }

 private:
  void other(std::string_view place) {
    if (place == "images[]") return add(request_, {}, "not base64");
    if (place != "image" && place != "images") return;
    throw HttpFailure(400, "\"image\" is base64, \"images\" a list of base64");
  }
  PictureRequest& request_;
};

}  // namespace

bool is_picture_request_type(const std::string& type) {
  return type.empty() || type.starts_with("image/") || type == "application/octet-stream" ||
         type == kJson || type == kForm || type == kCurl;
}

PictureRequest read_picture_request(HttpRequest&& request) {
  PictureRequest asked;
  const std::string type = request.content_type();
  if (type == kJson) {
    ImagesReader reader(asked);
    read_json(request.body, reader);
    if (asked.pictures.empty() && !asked.is_list) {
      throw HttpFailure(400, R"(no picture: {"image": base64} or {"images": [base64, …]})");
    }
    asked.is_list = asked.is_list || asked.pictures.size() > 1;
  } else if (type == kForm) {
    const std::string boundary = multipart_boundary(request.header("content-type"));
    for (const FormPart& part : parse_multipart(request.body, boundary, kMostPictures)) {
      if (is_text_field(part)) continue;
      add(asked, std::string(part.bytes), part.bytes.empty() ? "an empty part" : "");
    }
    if (asked.pictures.empty()) throw HttpFailure(400, "no picture in the form");
    asked.is_list = asked.pictures.size() > 1;
  } else {
    if (request.body.empty()) throw HttpFailure(400, "no picture: the body is empty");
    if (type == kCurl && format_of(request.body) == ImageFormat::unknown) {
      throw HttpFailure(415, "send a picture as image/jpeg, image/png or image/bmp");
    }
    add(asked, std::move(request.body));
  }
  return asked;
}

}  // namespace mat
