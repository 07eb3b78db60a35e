#include <catch2/catch.hpp>
#include <map>

#include "core/http/base64.h"
#include "core/http/failure.h"
#include "core/http/json_reader.h"
#include "core/http/message.h"
#include "core/http/multipart.h"
#include "core/http/query.h"
#include "core/http/token.h"

namespace mat {
namespace {

class Places : public JsonReader {
 public:
  void text(std::string_view place, std::string& value) override {
    seen[std::string(place)] += value + ";";
  }
  void number(std::string_view place, double value) override {
    seen[std::string(place)] += std::to_string(static_cast<int>(value)) + ";";
  }
  std::map<std::string, std::string> seen;
};

int status_of(const std::string& json) {
  Places places;
  try {
    read_json(json, places);
    return 200;
  } catch (const HttpFailure& e) {
    return e.status();
  }
}

}  // namespace

TEST_CASE("base64 comes back as it was, in both alphabets") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
  CHECK(decode_base64("-_-_") == decode_base64("+/+/"));
  CHECK(decode_base64("YWJj\r\nZGU=\n") == "abcde");
  CHECK(decode_base64("YWI") == "ab");
  CHECK_FALSE(decode_base64("YWI=="));
  CHECK_FALSE(decode_base64("Y"));
  CHECK_FALSE(decode_base64("YW I"));
  CHECK_FALSE(decode_base64("===="));
}

TEST_CASE("a form is taken apart, whatever is in its parts") {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"a; b\"; filename=\"x\\\"y.jpg\"\r\n"
      "Content-Type: Image/JPEG\r\n\r\n\r\n--not\r\n\r\n--b  \r\n"
      "content-disposition: form-data; name=second\r\n\r\n\r\n--b--\r\nafter";
  const auto parts = parse_multipart(body, "b", 9);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].name == "a; b");
  CHECK(parts[0].file_name == "x\"y.jpg");
  CHECK(parts[0].content_type == "image/jpeg");
  CHECK(parts[0].bytes == "\r\n--not\r\n");
  CHECK(parts[1].name == "second");
  CHECK(parts[1].bytes.empty());
  CHECK(multipart_boundary("multipart/form-data; charset=x; boundary=\"a b\"") == "a b");
  CHECK(multipart_boundary("multipart/form-data").empty());
}

TEST_CASE("a form that is not whole is refused") {
  for (const char* body : {"", "--b", "--b\r\n", "--b\r\nA: b\r\n\r\nx", "--b\r\n\r\n--b--",
                           "nothing", "--bx\r\n\r\n\r\n--b--"}) {
    CAPTURE(body);
    CHECK_THROWS_AS(parse_multipart(body, "b", 9), HttpFailure);
  }
  const std::string part = "--b\r\n\r\nx\r\n";
  CHECK(parse_multipart(part + part + "--b--", "b", 2).size() == 2);
  CHECK_THROWS_AS(parse_multipart(part + part + "--b--", "b", 1), HttpFailure);
  CHECK_THROWS_AS(parse_multipart(part + "--b--", "", 1), HttpFailure);
}

TEST_CASE("JSON is read by places") {
  Places places;
  read_json(R"({"a": "x", "b": {"c": 1}, "d": [2, [3, 4], {"e": 5}], "f": true})", places);
  CHECK(places.seen == std::map<std::string, std::string>{
                           {"a", "x;"}, {"b.c", "1;"}, {"d[]", "2;3;4;"}, {"d[].e", "5;"}});
}

TEST_CASE("JSON that is none, or too deep, is refused") {
  CHECK(status_of("{\"a\": [1, 2") == 400);
  CHECK(status_of("") == 400);
  CHECK(status_of("{} {}") == 400);
  CHECK(status_of(std::string(30, '[') + std::string(30, ']')) == 200);
  CHECK(status_of(std::string(100'000, '[')) == 400);
}

TEST_CASE("addresses lead nowhere else") {
  std::string path, query;
  CHECK(split_target("/a%2Fb?x=%20", path, query));
  CHECK(path == "/a/b");
  CHECK(query == "x=%20");
  CHECK(split_target("/..a/b..", path, query));
  for (const char* bad : {"", "a", "/..", "/a/../b", "/a/%2e%2e", "/%2e./x", "/a/./b", "/%", "/%1",
                          "/%0a", "*", "http://localhost/b"}) {
    CAPTURE(bad);
    CHECK_FALSE(split_target(bad, path, query));
  }
}

TEST_CASE("an address may name the server") {
  const auto taken = [](std::string target) {
    const std::string host = take_authority(target);
    return host + " " + target;
  };
  CHECK(taken("http://localhost:80/b?c") == "localhost:80 /b?c");
  CHECK(taken("HTTP://localhost") == "localhost /");
  CHECK(taken("http://localhost?b") == "localhost /?b");
  for (const char* other : {"/http://localhost/b", "http:///b", "http://localhost@localhost/b",
                            "https://localhost/b", "*", ""}) {
    CHECK(taken(other) == std::string(" ") + other);
  }
}

TEST_CASE("a token is compared whole, and each is another") {
  HttpRequest request;
  request.headers = {{"authorization", "bearer secret-token"}};
  CHECK(has_token(request, "secret-token"));
  CHECK_FALSE(has_token(request, "secret-tokem"));
  CHECK_FALSE(has_token(request, "secret"));
  request.headers = {{"Authorization", "Basic secret-token"}};
  CHECK_FALSE(has_token(request, "secret-token"));
  CHECK_FALSE(has_token(HttpRequest(), "secret-token"));
  CHECK_FALSE(is_same_secret("", "x"));
  CHECK(make_token().size() == 43);
  CHECK(make_token() != make_token());
}

TEST_CASE("the values behind an address are read by name") {
  const HttpQuery query("ref=a%401&x=&ref=b+c&odd=%4&flag&n=12&f=0.5");
  CHECK(query.get("ref") == "a@1");
  CHECK(query.all("ref") == std::vector<std::string>{"a@1", "b c"});
  CHECK(query.get("odd") == "%4");
  CHECK(query.get("none").empty());
  CHECK(query.all("flag").size() == 1);
  CHECK(query.integer("n", 3) == 12);
  CHECK(query.integer("x", 3) == 3);
  CHECK_THROWS_WITH(query.integer("f", 0), "f must be a whole number, not '0.5'");
  CHECK(query.number("f") == 0.5);
  CHECK_FALSE(query.number("none"));
  CHECK(percent_encoded("a@1 \u00fc/~") == "a%401%20%C3%BC%2F~");
  CHECK_THROWS_WITH(query.number("ref"), "ref must be a number, not 'a@1'");
}

}  // namespace mat
