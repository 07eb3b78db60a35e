#include <fcntl.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "tests/core/http/raw_client.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

constexpr std::size_t kBytes = (3 << 20) + 17;

std::string many_bytes() {
  std::string bytes(kBytes, ' ');
  for (std::size_t i = 0; i < kBytes; ++i) bytes[i] = static_cast<char>(i * i >> 8);
  return bytes;
}

// Answers everything with one file, which it says has `claimed` bytes.
class FileServer {
 public:
  explicit FileServer(const std::filesystem::path& path, std::uint64_t claimed) {
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    const auto answer = [path, claimed](HttpRequest&&, std::shared_ptr<HttpResponder> responder) {
      HttpResponse response;
      response.file = std::make_shared<const HttpFile>(
          HttpFile{FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), claimed});
      responder->respond(std::move(response));
    };
    server_.emplace(std::move(listening), HttpServerOptions{}, answer);
  }
  int port = 0;

 private:
  std::optional<HttpServer> server_;
};

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a file is an answer, whatever its size, and the connection goes on") {
  TempFolder folder;
  const auto path = folder.path() / "weights";
  const std::string bytes = many_bytes();
  write_file_atomic(path, bytes);
  FileServer server(path, kBytes);
  RawClient client(server.port);
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string head = client.read_until("\r\n\r\n");
  CHECK(head.find("Content-Length: " + std::to_string(kBytes)) != std::string::npos);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all().substr(head.size());
  CHECK(body_of(answer) == bytes);
}

TEST_CASE("a file that grows is sent as it was, one that shrinks is seen to be cut") {
  TempFolder folder;
  const auto path = folder.path() / "log";
  write_file_atomic(path, "0123456789");
  FileServer grown(path, 4);
  RawClient first(grown.port);
  first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(body_of(first.read_all()) == "0123");
  FileServer shrunk(path, 20);
  RawClient second(shrunk.port);
  second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = second.read_all();
  CHECK(second.is_closed());
  CHECK(answer.find("Content-Length: 20") != std::string::npos);
  CHECK(body_of(answer) == "0123456789");
}

TEST_CASE("an empty file is an empty answer") {
  TempFolder folder;
  write_file_atomic(folder.path() / "none", "");
  FileServer server(folder.path() / "none", 0);
  RawClient client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  CHECK(answer.find("Content-Length: 0") != std::string::npos);
  CHECK(body_of(answer).empty());
}

}  // namespace mat
