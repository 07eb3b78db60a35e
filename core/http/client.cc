#include "core/http/client.h"

#include <fmt/core.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

#include "core/base/error.h"

namespace mat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::uint64_t kMostBytes = 64 << 20;
constexpr std::string_view kScheme = "http://";

struct Place {
  std::string host, port;
};

Place place_of(const std::string& address) {
  const std::string rest = address.starts_with(kScheme) ? address.substr(kScheme.size()) : address;
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string::npos) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no address of a service", address));
  }
  Place place{rest.substr(0, colon), rest.substr(colon + 1)};
  if (place.host.starts_with('[')) place.host = place.host.substr(1, place.host.size() - 2);
  return place;
}

// Runs an operation, which is given what to call at its end, for a limited time.
template <typename Start>
boost::system::error_code run_step(asio::io_context& io, double seconds, Start&& start) {
  boost::system::error_code result = asio::error::timed_out;
  start([&result](boost::system::error_code error, auto&&...) { result = error; });
  io.restart();
  io.run_for(std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(seconds)));
  return result;
}

void require(boost::system::error_code error, const std::string& address) {
  if (!error) return;
  throw Error(ErrorKind::io, fmt::format("no answer from {}: {}", address, error.message()));
}

}  // namespace

HttpResponse send_http(const std::string& address, const HttpRequest& request, double seconds) {
  const Place place = place_of(address);
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, fmt::format("{}:{}", place.host, place.port));
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.keep_alive(false);
  message.prepare_payload();

  // What an operation that takes too long would still use outlives the socket.
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostBytes);
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  boost::system::error_code error;
  const auto places = asio::ip::tcp::resolver(io).resolve(place.host, place.port, error);
  require(error, address);
  require(run_step(io, seconds, [&](auto done) { asio::async_connect(socket, places, done); }),
          address);
  // A server that turns a request away may close before it has read it all.
  run_step(io, seconds, [&](auto done) { http::async_write(socket, message, done); });
  require(run_step(io, seconds, [&](auto done) { http::async_read(socket, buffer, parser, done); }),
          address);
  HttpResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    const auto name = field.name_string(), value = field.value();
    response.headers.emplace_back(std::string(name.data(), name.size()),
                                  std::string(value.data(), value.size()));
  }
  response.content_type = header_of(response.headers, "content-type");
  response.body = std::move(parser.get().body());
  return response;
}

}  // namespace mat
