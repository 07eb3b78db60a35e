#include "core/registry/records.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::array<std::pair<Status, const char*>, 7> kStatusNames{{
    {Status::initializing, "Initializing"},
    {Status::pending, "Pending"},
    {Status::running, "Running"},
    {Status::completed, "Completed"},
    {Status::failed, "Failed"},
    {Status::terminated, "Terminated"},
    {Status::abnormal, "Abnormal"},
}};

}  // namespace

const char* name_of(Status status) {
  for (const auto& [known, name] : kStatusNames) {
    if (known == status) return name;
  }
  return "Unknown";
}

std::optional<Status> status_from_name(std::string_view name) {
  const std::string wanted = lower(name);
  for (const auto& [status, known] : kStatusNames) {
    if (lower(known) == wanted) return status;
  }
  return std::nullopt;
}

bool is_active(Status status) {
  return status == Status::initializing || status == Status::pending || status == Status::running;
}

std::string ActiveVersion::reference() const { return job + "@" + version_label(number); }

std::string VersionSummary::reference() const { return job + "@" + version_label(number); }

std::string DatasetVersionRecord::reference() const {
  return dataset + "@" + dataset_version_label(number);
}

std::string ModelNumber::text() const { return fmt::format("{}.{}.{}", major, minor, patch); }

std::string ModelVersionRecord::reference() const { return model + "@" + number.text(); }

}  // namespace mat
