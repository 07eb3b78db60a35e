#include "trainers/models/weights_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "trainers/models/network.h"

namespace mat {
namespace {

std::string file_bytes(std::uint64_t length, const std::string& header, const std::string& data) {
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  return bytes + header + data;
}

// What reading a file of these bytes complains about; empty when it is read.
std::string complaint_about(const std::string& bytes) {
  const TempFolder folder;
  write_file_atomic(folder / "w.safetensors", bytes);
  try {
    read_weights(folder / "w.safetensors");
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::io);
    REQUIRE(error.message().find("w.safetensors") != std::string::npos);
    return error.message();
  }
  return "";
}

std::string complaint_about(const std::string& header, const std::string& data) {
  return complaint_about(file_bytes(header.size(), header, data));
}

std::string tensor(const std::string& shape, int begin, int end, const std::string& type = "F32") {
  return "{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

void expect_complaint(const std::string& complaint, const std::string& part) {
  CAPTURE(complaint, part);
  CHECK(complaint.find(part) != std::string::npos);
}

TEST_CASE("weights of every type come back from a file as they were, with their metadata") {
  const TempFolder folder;
  torch::manual_seed(1);
  Weights weights;
  const auto numbers = torch::randn({3, 5}) * 50;
  for (const auto type :
       {torch::kFloat64, torch::kInt64, torch::kFloat32, torch::kInt32, torch::kFloat16,
        torch::kBFloat16, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    weights.tensors[std::string("tensor of ") + c10::toString(type)] =
        (numbers.abs() * 2 > 1).to(type) + (type == torch::kBool ? 0 : 1);
  }
  weights.tensors["bool"] = numbers > 0;
  weights.tensors["scalar"] = torch::tensor(2.5F);
  weights.tensors["empty"] = torch::empty({0, 7});
  weights.tensors["turned"] = numbers.t();
  weights.metadata = {{"algorithm", "resnet18"}, {"classes", R"(["ä","b\n"])"}};
  save_weights(weights, folder / "w.safetensors");

  const auto read = read_weights(folder / "w.safetensors");
  CHECK(read.metadata == weights.metadata);
  REQUIRE(read.tensors.size() == weights.tensors.size());
  for (const auto& [key, tensor] : weights.tensors) {
    CAPTURE(key);
    REQUIRE(read.tensors.count(key) == 1);
    CHECK(read.tensors.at(key).scalar_type() == tensor.scalar_type());
    CHECK(torch::equal(read.tensors.at(key), tensor));
  }
}

TEST_CASE("every tensor in a file is aligned to its own type") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["a"] = torch::zeros({3}, torch::kUInt8);
  weights.tensors["b"] = torch::zeros({3}, torch::kFloat32);
  weights.tensors["c"] = torch::zeros({1}, torch::kInt64);
  save_weights(weights, folder / "w.safetensors");
  const auto bytes = read_file(folder / "w.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  CHECK(length % 8 == 0);
  const auto header = Json::parse(bytes.substr(8, length));
  CHECK(header["c"]["data_offsets"][0].get<int>() % 8 == 0);
  CHECK(header["b"]["data_offsets"][0].get<int>() % 4 == 0);
}

TEST_CASE("a well-made file by somebody else is read") {
  const std::string data(10, '\1');
  CHECK(complaint_about(
            "{\"a\":" + tensor("[2]", 0, 8) + ",\"b\":" + tensor("[2]", 8, 10, "U8") + "}   ",
            data) == "");
  CHECK(complaint_about("{\"__metadata__\":{\"format\":\"pt\"}}", "") == "");
  CHECK(complaint_about("{}", "") == "");
}

TEST_CASE("a file that is not there is not found") {
  const TempFolder folder;
  try {
    read_weights(folder / "none");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
  }
}

TEST_CASE("a header with an impossible length is refused") {
  expect_complaint(complaint_about(""), "too short");
  expect_complaint(complaint_about("1234567"), "too short");
  expect_complaint(complaint_about(file_bytes(3, "{}", "")), "longer than the file");
  expect_complaint(complaint_about(file_bytes(0, "", "")), "not a JSON object");
  expect_complaint(complaint_about(file_bytes(UINT64_MAX, "{}", "")), "claims");
  expect_complaint(complaint_about(file_bytes(1ULL << 40, "{}", "")), "claims");
}

TEST_CASE("a header that is not the right JSON is refused") {
  expect_complaint(complaint_about("[]", ""), "not a JSON object");
  expect_complaint(complaint_about("{\"a\":", ""), "not valid JSON");
  expect_complaint(complaint_about("{}x", ""), "not valid JSON");
  expect_complaint(complaint_about("{\"\xff\":1}", ""), "not valid JSON");
  expect_complaint(complaint_about("{\"a\":" + std::string(100000, '['), ""), "nested too deeply");
  expect_complaint(complaint_about("{\"a\":1}", ""), "no proper dtype");
  expect_complaint(complaint_about("{\"a\":{\"dtype\":\"F32\"}}", ""), "no proper dtype");
  expect_complaint(complaint_about("{\"__metadata__\":[]}", ""), "metadata");
  expect_complaint(complaint_about("{\"__metadata__\":{\"a\":1}}", ""), "metadata 'a'");
}

TEST_CASE("a tensor that appears twice in a header is refused") {
  const auto one = "\"a\":" + tensor("[1]", 0, 4);
  expect_complaint(complaint_about("{" + one + "," + one + "}", "1234"), "twice");
  expect_complaint(
      complaint_about(R"({"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                      "1234"),
      "twice");
}

TEST_CASE("types, shapes and places that cannot be are refused") {
  const std::string data = "12345678";
  const auto about = [&](const std::string& tensors) {
    return complaint_about("{" + tensors + "}", data);
  };
  expect_complaint(about("\"a\":" + tensor("[2]", 0, 8, "F8_E4M3")), "'F8_E4M3'");
  expect_complaint(about("\"a\":" + tensor("[-2]", 0, 8)), "not a whole number");
  expect_complaint(about("\"a\":" + tensor("[2.0]", 0, 8)), "not a whole number");
  expect_complaint(about("\"a\":" + tensor("[\"2\"]", 0, 8)), "not a whole number");
  expect_complaint(about("\"a\":" + tensor("[4611686018427387904,4]", 0, 8)), "impossible shape");
  expect_complaint(about("\"a\":" + tensor("[18446744073709551615]", 0, 8)), "impossible shape");
  expect_complaint(about("\"a\":" + tensor("[3]", 0, 8)), "does not fit");
  expect_complaint(about("\"a\":" + tensor("[2]", 4, 12)), "outside the file");
  expect_complaint(about("\"a\":" + tensor("[2]", 8, 0)), "outside the file");
  expect_complaint(about("\"a\":" + tensor("[1]", -4, 0)), "not whole numbers");
  expect_complaint(about("\"a\":" + tensor("[2]", 0, 8) + ",\"b\":" + tensor("[1]", 4, 8)),
                   "overlaps");
  expect_complaint(about("\"a\":" + tensor("[1]", 4, 8)), "gap");
  expect_complaint(about("\"a\":" + tensor("[1]", 0, 4)), "bytes after");
  expect_complaint(about("\"a\":" + tensor("[8]", 0, 8, "BOOL")), "truth values");
}

TEST_CASE("a file cut at any place is refused") {
  const auto header = "{\"a\":" + tensor("[2]", 0, 8) + "}";
  const auto whole = file_bytes(header.size(), header, "12345678");
  CHECK(complaint_about(whole) == "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(complaint_about(whole.substr(0, size)) != "");
  }
}

TEST_CASE("a folder or a pipe is not a weights file") {
  const TempFolder folder;
  CHECK_THROWS_AS(read_weights(folder.path()), Error);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_AS(read_weights(folder / "pipe"), Error);
}

TEST_CASE("when the disk is full, the earlier weights stay and nothing new is left") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["a"] = torch::ones({4});
  save_weights(weights, folder / "w.safetensors");

  // A limit on the size of files is met like a full disk: in the middle of writing.
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit { 65536, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &limit);
  weights.tensors["a"] = torch::zeros({1 << 20});
  std::optional<ErrorKind> kind;
  try {
    save_weights(weights, folder / "w.safetensors");
  } catch (const Error& error) {
    kind = error.kind();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  CHECK(kind == ErrorKind::io);
  const auto entries = std::filesystem::directory_iterator(folder.path());
  CHECK(std::distance(begin(entries), end(entries)) == 1);
  CHECK(torch::equal(read_weights(folder / "w.safetensors").tensors.at("a"), torch::ones({4})));
}

TEST_CASE("the weights of a network are copies that training does not change") {
  const auto network = make_tabular_network(4, {8}, 0, 2);
  const auto weights = weights_of(*network);
  const auto before = weights.tensors.at("layers.0.weight").clone();
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : network->parameters()) parameter.add_(1);
  }
  CHECK(torch::equal(weights.tensors.at("layers.0.weight"), before));
  load_weights(*network, weights);
  CHECK(torch::equal(weights_of(*network).tensors.at("layers.0.weight"), before));
}

TEST_CASE("weights in half precision load into a network") {
  const auto network = make_tabular_network(4, {8}, 0, 2);
  auto weights = weights_of(*network);
  for (auto& [key, tensor] : weights.tensors) {
    if (tensor.is_floating_point()) tensor = tensor.to(torch::kBFloat16);
  }
  load_weights(*network, weights);
  const auto loaded = weights_of(*network).tensors.at("layers.0.weight");
  CHECK(torch::equal(loaded, weights.tensors.at("layers.0.weight").to(torch::kFloat32)));
}

std::string complaint_of_loading(torch::nn::Module& network, const Weights& weights) {
  try {
    load_weights(network, weights);
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    return error.message() + " / " + error.hint();
  }
  return "";
}

TEST_CASE("weights of a head for other classes are refused by name and nothing is changed") {
  const auto ten = make_image_network("small_cnn", 10);
  const auto three = make_image_network("small_cnn", 3);
  const auto before = weights_of(*three);
  const auto complaint = complaint_of_loading(*three, weights_of(*ten));
  expect_complaint(complaint, "fc.weight is [10, 128] instead of [3, 128]");
  expect_complaint(complaint, "number of classes");
  for (const auto& [key, tensor] : weights_of(*three).tensors) {
    CHECK(torch::equal(tensor, before.tensors.at(key)));
  }
}

TEST_CASE("missing and unexpected weights are refused by name") {
  const auto network = make_tabular_network(4, {8}, 0, 2);
  auto weights = weights_of(*network);
  weights.tensors["more"] = weights.tensors.at("layers.0.weight");
  weights.tensors.erase("layers.0.weight");
  const auto complaint = complaint_of_loading(*network, weights);
  expect_complaint(complaint, "missing: layers.0.weight");
  expect_complaint(complaint, "unexpected: more");
  expect_complaint(complaint, "another algorithm");
}

}  // namespace
}  // namespace mat
