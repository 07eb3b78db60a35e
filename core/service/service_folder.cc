#include "core/service/service_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 64 << 10;

fs::path request_path(const fs::path& folder) { return folder / "update.json"; }
fs::path taken_path(const fs::path& folder) { return folder / "updating.json"; }
fs::path settled_path(const fs::path& folder) { return folder / "settled.json"; }
fs::path answer_path(const fs::path& folder) { return folder / "updated.json"; }

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Json> read_object(const fs::path& path) {
  const auto text = read_file_if_exists(path, kMostBytes);
  if (!text) return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

// What cannot be read is of nobody.
bool is_of(const fs::path& path, const std::string& id) noexcept {
  try {
    const auto json = read_object(path);
    return json && text_of(*json, "id") == id;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

fs::path service_log_path(const fs::path& folder) { return folder / "log.txt"; }

fs::path service_token_path(const fs::path& folder) { return folder / "token"; }

std::string read_service_token(const fs::path& folder) {
  const auto text = read_file_if_exists(service_token_path(folder), kMostBytes);
  return text ? std::string(trim(*text)) : std::string();
}

void write_service_token(const fs::path& folder, const std::string& token) {
  const fs::path path = service_token_path(folder);
  // Nobody else can enter the folder in between.
  write_file_atomic(path, token + "\n");
  if (::chmod(path.c_str(), 0600) != 0) {
    throw_io_error(fmt::format("cannot protect '{}'", path.string()), errno);
  }
}

fs::path update_lock_path(const fs::path& folder) { return folder / "update.lock"; }

void request_update(const fs::path& folder, const UpdateRequest& request) {
  const Json json{{"id", request.id}, {"source", request.source}};
  write_file_atomic(request_path(folder), to_json_text(json) + "\n");
}

bool is_update_requested(const fs::path& folder) noexcept {
  return ::access(request_path(folder).c_str(), F_OK) == 0;
}

std::optional<UpdateRequest> take_update_request(const fs::path& folder) {
  // What is read is what was taken, even if the next request comes meanwhile.
  if (::rename(request_path(folder).c_str(), taken_path(folder).c_str()) != 0) return std::nullopt;
  const auto json = read_object(taken_path(folder));
  if (json) return UpdateRequest{text_of(*json, "id"), text_of(*json, "source")};
  ::unlink(taken_path(folder).c_str());
  return std::nullopt;
}

bool withdraw_update(const fs::path& folder, const std::string& id) noexcept {
  for (const fs::path& path : {request_path(folder), taken_path(folder)}) {
    if (is_of(path, id) && ::unlink(path.c_str()) == 0) return true;
  }
  return false;
}

bool settle_update(const fs::path& folder) noexcept {
  return ::rename(taken_path(folder).c_str(), settled_path(folder).c_str()) == 0;
}

bool is_update_open(const fs::path& folder, const std::string& id) {
  return is_of(request_path(folder), id) || is_of(taken_path(folder), id) ||
         is_of(settled_path(folder), id);
}

void drop_update_requests(const fs::path& folder) noexcept {
  for (const fs::path& path : {request_path(folder), taken_path(folder), settled_path(folder)}) {
    ::unlink(path.c_str());
  }
}

void answer_update(const fs::path& folder, const UpdateAnswer& answer) {
  const Json json{
      {"id", answer.id}, {"code", answer.code}, {"message", answer.message}, {"hint", answer.hint}};
  const auto close = [&] {
    ::unlink(taken_path(folder).c_str());
    ::unlink(settled_path(folder).c_str());
  };
  try {
    write_file_atomic(answer_path(folder), to_json_text(json) + "\n");
  } catch (const Error&) {
    close();
    throw;
  }
  close();
}

std::optional<UpdateAnswer> read_update_answer(const fs::path& folder) {
  const auto json = read_object(answer_path(folder));
  if (!json) return std::nullopt;
  const auto code = json->find("code");
  return UpdateAnswer{text_of(*json, "id"),
                      code != json->end() && code->is_number_integer() ? code->get<int>() : 70,
                      text_of(*json, "message"), text_of(*json, "hint")};
}

}  // namespace mat
