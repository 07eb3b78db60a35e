#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mat {

// One part of a multipart/form-data body; views into it.
struct FormPart {
  std::string name;       // of the field
  std::string file_name;  // as whoever sent it says; never used as a path
  std::string content_type;
  std::string_view bytes;
};

// The boundary of "multipart/form-data; boundary=…"; empty when there is none that may be.
std::string multipart_boundary(std::string_view content_type);

// Throws HttpFailure 400 for a body that is not whole, and for more parts than `most`.
std::vector<FormPart> parse_multipart(std::string_view body, std::string_view boundary,
                                      std::size_t most);

}  // namespace mat
