#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace mat {

// What is in HOME/services/NAME beside `lock` and `stop` (see core/run): the token and the log, and
// how a service that runs is told of another model.

std::filesystem::path service_log_path(const std::filesystem::path& folder);
std::filesystem::path service_token_path(const std::filesystem::path& folder);

// Empty when the service has none. Only its owner can read the file.
std::string read_service_token(const std::filesystem::path& folder);
void write_service_token(const std::filesystem::path& folder, const std::string& token);

// What a service is asked to serve from now on: by one at a time, who holds the lock
// (see lock_file()). The answer has the request's id.
struct UpdateRequest {
  std::string id;
  std::string source;
};
struct UpdateAnswer {
  std::string id;
  int code = 0;  // as mat ends with: 0, or the kind of the error
  std::string message, hint;
};
void request_update(const std::filesystem::path& folder, const UpdateRequest& request);
std::filesystem::path update_lock_path(const std::filesystem::path& folder);
bool is_update_requested(const std::filesystem::path& folder) noexcept;
// Nothing when what is there cannot be read; it is gone then. Otherwise it is under way until it is
// answered or dropped.
std::optional<UpdateRequest> take_update_request(const std::filesystem::path& folder);
// Takes a request back; false when it is too late for that: its answer comes at once, or has come.
bool withdraw_update(const std::filesystem::path& folder, const std::string& id) noexcept;
// What is under way cannot be taken back from now on; false when it has been.
bool settle_update(const std::filesystem::path& folder) noexcept;
// Whether an answer may still come: the request has not been taken, or is under way.
bool is_update_open(const std::filesystem::path& folder, const std::string& id);
// What waits and what is under way will have no answer.
void drop_update_requests(const std::filesystem::path& folder) noexcept;
// The request is under way no more, also when the answer cannot be written.
void answer_update(const std::filesystem::path& folder, const UpdateAnswer& answer);
std::optional<UpdateAnswer> read_update_answer(const std::filesystem::path& folder);

}  // namespace mat
