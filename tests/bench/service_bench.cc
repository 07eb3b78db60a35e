// How much a service adds to the model, and how many requests it answers: in this process, with
// clients of its own.
//
//   service_bench [REQUESTS [CLIENTS]]    a model that costs nothing; 100,000 requests, 16 clients
//   service_bench MODEL PICTURE           weights that mat trained, one client
//
// The overhead is what comes on top of decoding a picture and of the model's own time. Beside it
// stands that of a bare server, which reads bytes from a socket, decodes, asks the model and writes
// bytes, in one thread: what the system and the client take of it.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/base/cores.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/image/decode_shrunk.h"
#include "core/service/open_fastest.h"
#include "core/service/service_api.h"
#include "core/training/trainer.h"
#include "tests/core/service/fake_model.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"

namespace mat {
namespace {

class Connection {
 public:
  explicit Connection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error(std::strerror(errno));
    }
  }

  // False unless it was answered with 200. All answers to one request have the same length.
  bool ask(const std::string& request) {
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      return false;
    }
    std::string answer;
    std::array<char, 4096> piece;
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (count <= 0) return false;
      answer.append(piece.data(), static_cast<std::size_t>(count));
      const std::size_t head = answer.find("\r\n\r\n");
      if (head == answer.npos) continue;
      const std::size_t length = answer.find("Content-Length: ");
      const std::size_t body = std::strtoul(answer.c_str() + length + 16, nullptr, 10);
      if (answer.size() >= head + 4 + body) return answer.compare(9, 3, "200") == 0;
    }
  }

 private:
  FileDescriptor socket_;
};

class QuickModel : public PictureModel {
 public:
  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    std::vector<float> answers;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      answers.insert(answers.end(), {0.7F, 0.2F, 0.1F});
    }
    return answers;
  }
  Heatmap heatmap(const ImageView&, int) override { return {}; }
  Json facts() const override { return Json::object(); }
};

// Tells how long the model took for the last answer.
class TimedModel : public PictureModel {
 public:
  TimedModel(std::unique_ptr<PictureModel> model, std::atomic<double>& took_ms)
      : model_(std::move(model)), took_ms_(took_ms) {}

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    const double begin_s = monotonic_seconds();
    std::vector<float> answers = model_->answer(pictures);
    took_ms_ = (monotonic_seconds() - begin_s) * 1000;
    return answers;
  }
  Heatmap heatmap(const ImageView& picture, int number) override {
    return model_->heatmap(picture, number);
  }
  Json facts() const override { return model_->facts(); }

 private:
  std::unique_ptr<PictureModel> model_;
  std::atomic<double>& took_ms_;
};

class Server {
 public:
  Server(Batcher::Open open, ModelDescription description) {
    auto served = std::make_shared<ServedModel>();
    served->reference = "bench@V0001";
    BatcherOptions batching;
    const auto loop = std::make_shared<HttpLoop>();
    batching.idle_work = loop;
    batching.decoded = [this](double seconds) { decode_ms = seconds * 1000; };
    served->batcher =
        std::make_unique<Batcher>(std::move(open), std::move(description), std::move(batching));
    ServiceApiOptions options;
    options.name = "bench";
    api_.emplace(options, std::move(served));
    HttpServerOptions server;
    server.loop = loop;
    server.admit = [this](const HttpRequest& r) { return api_->admit(r); };
    server.done = [this](const HttpExchange& e) { api_->count(e); };
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server_.emplace(std::move(listening), std::move(server),
                    [this](HttpRequest&& r, std::shared_ptr<HttpResponder> responder) {
                      api_->handle(std::move(r), std::move(responder));
                    });
  }

  int port = 0;
  std::atomic<double> decode_ms = 0;  // of the last picture

 private:
  std::optional<ServiceApi> api_;
  std::optional<HttpServer> server_;
};

// One connection, one thread, and no more HTTP than the client needs.
class BareServer {
 public:
  BareServer(std::function<std::unique_ptr<PictureModel>()> open, int short_side)
      : short_side_(short_side), listening_(listen_on("127.0.0.1", 0)), port(port_of(listening_)) {
    thread_ = std::thread([this, open = std::move(open)] { answer_all(*open()); });
  }
  ~BareServer() {
    // One that nobody has asked still waits for its client.
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

 private:
  void answer_all(PictureModel& model) {
    const FileDescriptor socket(::accept(listening_.get(), nullptr, nullptr));
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    while (read_request(socket.get())) {
      const std::size_t body = received_.find("\r\n\r\n") + 4;
      const double begin_s = monotonic_seconds();
      const DecodeResult picture = decode_shrunk(
          {reinterpret_cast<const std::uint8_t*>(&received_[body]), received_.size() - body},
          short_side_);
      decode_ms = (monotonic_seconds() - begin_s) * 1000;
      const std::string scores = fmt::format("{}", fmt::join(model.answer({picture.image}), ","));
      const std::string answer =
          fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", scores.size(), scores);
      ::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  // False at the end of the connection.
  bool read_request(int socket) {
    received_.clear();
    std::size_t size = 1;
    while (received_.size() < size) {
      const ssize_t count = ::recv(socket, piece_.data(), piece_.size(), 0);
      if (count <= 0) return false;
      received_.append(piece_.data(), static_cast<std::size_t>(count));
      const std::size_t head = received_.find("\r\n\r\n");
      const std::size_t length = received_.find("Content-Length: ");
      size = head == std::string::npos
                 ? received_.size() + 1
                 : head + 4 + std::strtoul(received_.c_str() + length + 16, nullptr, 10);
    }
    return true;
  }

  const int short_side_;
  FileDescriptor listening_;
  std::string received_;
  std::array<char, 65536> piece_;

 public:
  const int port;
  std::atomic<double> decode_ms = 0;  // of the last picture

 private:
  std::thread thread_;
};

std::string post(const std::string& body) {
  return fmt::format(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

double resident_mb() {
  const auto fields = split(read_file("/proc/self/statm"), ' ');
  return static_cast<double>(parse_integer(fields[1]).value_or(0) * ::sysconf(_SC_PAGESIZE)) / 1e6;
}

double decode_ms(const std::string& picture, int short_side) {
  const double begin_s = monotonic_seconds();
  decode_shrunk({reinterpret_cast<const std::uint8_t*>(picture.data()), picture.size()},
                short_side);
  return (monotonic_seconds() - begin_s) * 1000;
}

double at(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// `model_ms` is what the model took for the last answer, and stays 0 for one that costs nothing.
// What comes on top is what is left of the client's time after the model's and that of decoding,
// each of the same request. Decoding by a thread that does nothing else is shown beside it.
template <typename AnyServer>
void print_overhead(const char* what, AnyServer& server, const std::string& picture, int short_side,
                    const std::atomic<double>& model_ms) {
  constexpr int kRounds = 2000;
  Connection connection(server.port);
  const std::string request = post(picture);
  std::vector<double> asked_ms, decoded_ms, alone_ms, added_ms;
  for (int i = 0; i < kRounds; ++i) {
    const double begin_s = monotonic_seconds();
    if (!connection.ask(request)) throw std::runtime_error("no answer");
    asked_ms.push_back((monotonic_seconds() - begin_s) * 1000);
    decoded_ms.push_back(server.decode_ms);
    added_ms.push_back(asked_ms.back() - model_ms - decoded_ms.back());
    // After the model, which has emptied the caches for the service, too.
    alone_ms.push_back(decode_ms(picture, short_side));
  }
  fmt::print(
      "{}, one client: p50 {:.3f} ms, p99 {:.3f} ms; over decoding ({:.3f} ms; alone {:.3f} ms) "
      "and "
      "the model p50 {:.3f} ms, p99 {:.3f} ms\n",
      what, at(asked_ms, 0.5), at(asked_ms, 0.99), at(decoded_ms, 0.5), at(alone_ms, 0.5),
      at(added_ms, 0.5), at(added_ms, 0.99));
}

void print_throughput(int port, const std::string& request, const char* what, std::int64_t requests,
                      int clients) {
  std::atomic<std::int64_t> left{requests}, failed{0};
  const double begin_s = monotonic_seconds();
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      Connection connection(port);
      while (left-- > 0) {
        if (!connection.ask(request)) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double took_s = monotonic_seconds() - begin_s;
  fmt::print("{}: {} requests of {} clients in {:.1f} s: {:.0f} a second, {} failed\n", what,
             requests, clients, took_s, static_cast<double>(requests) / took_s, failed.load());
}

void measure_model(const std::string& file, const std::string& picture) {
  ModelRequest request;
  request.file = file;
  // As a service that is deployed.
  const TempFolder plans;
  request.cache_folder = plans.path();
  request.threads = usable_cores();
  Trainer& trainer = load_trainer();
  request.description = describe_weights(file);
  std::atomic<double> model_ms = 0;
  // By the thread that asks it: two teams of OpenMP's threads would be in each other's way.
  const auto open = [&] {
    auto model =
        open_fastest([&](const ModelRequest& r) { return trainer.open_model(r); }, request);
    fmt::print("{}\n", model->facts().dump());
    return std::make_unique<TimedModel>(std::move(model), model_ms);
  };
  const int short_side = request.description.preprocessing.short_side;
  const std::string bytes = read_file(picture);
  for (int round = 0; round < 2; ++round) {
    BareServer bare(open, short_side);
    print_overhead("bare server", bare, bytes, short_side, model_ms);
    Server server(open, request.description);
    print_overhead("service", server, bytes, short_side, model_ms);
  }
}

void measure_service(std::int64_t requests, int clients) {
  Server server([] { return std::make_unique<QuickModel>(); }, fake_description());
  const std::string picture = bmp_of_color(16, 16, 0xff8000);
  print_overhead("service", server, picture, 16, 0);
  const std::string get = "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  print_throughput(server.port, get, "health", requests / 10, clients);
  double before_mb = 0;
  for (int round = 0; round < 3; ++round) {
    print_throughput(server.port, post(picture), "predict", requests, clients);
    const double now_mb = resident_mb();
    if (round > 0) {
      fmt::print("resident memory: {:.1f} MB, {:+.1f} MB\n", now_mb, now_mb - before_mb);
    }
    before_mb = now_mb;
  }
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) {
  try {
    if (argc > 2 && !mat::parse_integer(argv[1])) {
      mat::measure_model(argv[1], argv[2]);
    } else {
      mat::measure_service(argc > 1 ? std::atoll(argv[1]) : 100'000,
                           argc > 2 ? std::atoi(argv[2]) : 16);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
