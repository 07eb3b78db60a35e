#include "core/http/token.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/http/base64.h"

namespace mat {

std::string make_token() {
  std::array<char, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw_io_error("cannot make a token", errno);
  }
  std::string token = encode_base64({bytes.data(), bytes.size()});
  while (token.ends_with('=')) token.pop_back();
  for (char& c : token) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return token;
}

bool is_same_secret(std::string_view a, std::string_view b) {
  // The length of the secret is none; what is compared beyond its end is the start again.
  volatile unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = difference | static_cast<unsigned>(a[i] ^ other);
  }
  return difference == 0;
}

bool has_token(const HttpRequest& request, std::string_view token) {
  const std::string_view header = request.header("authorization");
  constexpr std::string_view kBearer = "bearer ";
  if (header.size() < kBearer.size() || lower(header.substr(0, kBearer.size())) != kBearer) {
    return false;
  }
  return is_same_secret(trim(header.substr(kBearer.size())), token);
}

}  // namespace mat
