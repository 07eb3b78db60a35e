#include "cli/ui/service_counts.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/http/client.h"
#include "core/service/service_folder.h"

namespace mat {
namespace {

constexpr double kSeconds = 2;

}  // namespace

Json service_counts(const Home& home, const ServiceRecord& service) {
  if (service.status != Status::running || service.address.empty()) return {{"metrics", nullptr}};
  try {
    HttpRequest request;
    request.method = "GET";
    request.target = "/metrics";
    if (const std::string token = read_service_token(home.service_folder(service.name));
        !token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + token);
    }
    HttpResponse response = send_http(service.address, request, kSeconds);
    const bool is_text =
        response.status == 200 && find_bad_utf8(response.body) == std::string::npos;
    if (is_text) return {{"metrics", std::move(response.body)}};
  } catch (const Error&) {
    // It may end just now.
  }
  return {{"metrics", nullptr}};
}

}  // namespace mat
