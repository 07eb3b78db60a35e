#include "cli/ui/json_answer.h"

namespace mat {

HttpResponse json_answer(const Json& document, int status) {
  HttpResponse response;
  response.status = status;
  response.body = to_json_text(document);
  return response;
}

int status_of_exit(int exit_code) {
  switch (exit_code) {
    case 2:
      return 400;
    case 3:
      return 404;
    case 1:
    case 4:
    case 6:
      return 409;
    default:
      return 500;
  }
}

HttpResponse error_answer(const Error& error) {
  Json document{{"error", error.message()}, {"exit_code", error.exit_code()}};
  if (!error.hint().empty()) document["hint"] = error.hint();
  return json_answer(document, status_of_exit(error.exit_code()));
}

}  // namespace mat
