#include "core/cache/source_list.h"

#include <algorithm>

namespace mat {
namespace {

// About half a million files. Inodes that change with every mount make a list grow with every use.
constexpr std::uint64_t kAlwaysAllowedBytes = 32ULL << 20;

}  // namespace

SourceList::SourceList(const std::filesystem::path& folder) : log_(folder / "files-v1.index") {}

void SourceList::read(const std::vector<Content>& paths) {
  known_.reserve(paths.size());
  for (const Content& path : paths) known_.try_emplace(path);
  for (const SourceRecord& record : log_.read_new()) {
    if (const auto found = known_.find(record.path); found != known_.end()) found->second = record;
  }
}

std::optional<Content> SourceList::find(const Content& path, const FileIdentity& identity) const {
  const auto found = known_.find(path);
  // An identity of zeros stands for nothing known: no file has inode 0.
  if (found == known_.end() || !(found->second.identity == identity)) return std::nullopt;
  return found->second.content;
}

void SourceList::remember(const Content& path, const FileIdentity& identity,
                          const Content& content) {
  fresh_.push_back({path, identity, content});
}

void SourceList::save() {
  if (fresh_.empty()) return;
  const SharedLog::Lock lock(log_.log());
  if (!lock) return;
  clear_if_overgrown();
  log_.append(std::move(fresh_));
  fresh_.clear();
}

void SourceList::clear_if_overgrown() {
  const std::uint64_t in_use = known_.size() * sizeof(SourceRecord);
  if (log_.log().size() <= std::max(kAlwaysAllowedBytes, 8 * in_use)) return;
  log_.clear();
  for (const auto& [path, record] : known_) {
    if (record.path == path) fresh_.push_back(record);
  }
}

}  // namespace mat
