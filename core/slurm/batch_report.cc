#include "core/slurm/batch_report.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestReport = 16 << 20;
constexpr std::size_t kLongestReason = 4096;

constexpr std::array<std::pair<BatchEvent, const char*>, 4> kEvents{
    {{BatchEvent::started, "started"},
     {BatchEvent::failed, "failed"},
     {BatchEvent::interrupted, "interrupted"},
     {BatchEvent::ended, "ended"}}};

fs::path path_of(const fs::path& version_folder) {
  return batch_folder(version_folder) / "report.jsonl";
}

Json to_json(const BatchLine& line) {
  const char* name = "";
  for (const auto& [event, text] : kEvents) {
    if (event == line.event) name = text;
  }
  return {{"event", name},
          {"token", line.token},
          {"job", line.job},
          {"at_ms", line.at_ms},
          {"attempt", line.attempt},
          {"restart", line.restart},
          {"hosts", line.hosts},
          {"status", line.status},
          {"reason", line.reason.substr(0, kLongestReason)},
          {"code", line.code}};
}

std::optional<BatchLine> line_from_json(const Json& json) {
  try {
    BatchLine line;
    bool is_known = false;
    for (const auto& [event, text] : kEvents) {
      if (json.at("event") != text) continue;
      line.event = event;
      is_known = true;
    }
    if (!is_known) return std::nullopt;
    line.token = json.at("token").get<std::string>();
    line.job = json.at("job").get<std::int64_t>();
    line.at_ms = json.at("at_ms").get<std::int64_t>();
    line.attempt = json.at("attempt").get<int>();
    line.restart = json.at("restart").get<int>();
    line.hosts = json.at("hosts").get<std::vector<std::string>>();
    line.status = json.at("status").get<std::string>();
    line.reason = json.at("reason").get<std::string>();
    line.code = json.at("code").get<int>();
    return line;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void add_to_report(const fs::path& version_folder, const BatchLine& line) {
  const fs::path path = path_of(version_folder);
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) throw_io_error(fmt::format("cannot write '{}'", path.string()), errno);
  // A line that a crash has cut off must not swallow this one.
  write_all(file.get(), fmt::format("\n{}\n", to_json_text(to_json(line))), path);
  if (::fsync(file.get()) != 0)
    throw_io_error(fmt::format("cannot write '{}'", path.string()), errno);
}

BatchReport read_report(const fs::path& version_folder, const std::string& token) {
  BatchReport report;
  const auto text = read_file_if_exists(path_of(version_folder), kLongestReport);
  if (!text) return report;
  std::size_t begin = 0;
  std::int64_t place = 0;
  for (std::size_t end; (end = text->find('\n', begin)) != std::string::npos; begin = end + 1) {
    ++place;
    const Json json = Json::parse(text->begin() + static_cast<std::ptrdiff_t>(begin),
                                  text->begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!json.is_object()) continue;
    auto line = line_from_json(json);
    if (!line || line->token != token) continue;
    report.lines.push_back(std::move(*line));
    report.places.push_back(place);
  }
  return report;
}

}  // namespace mat
