#include "core/dataset/import_collector.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/files_below.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostClasses = 100'000;
constexpr std::size_t kBadLabelsShown = 20;

bool is_separator(char c) { return c == '/' || c == '\\'; }

// "s3://a" stands before "s3://a/b", and not before "s3://ab".
bool stands_before(std::string_view start, std::string_view text) {
  if (start.empty() || !text.starts_with(start)) return false;
  return is_separator(start.back()) || text.size() == start.size() ||
         is_separator(text[start.size()]);
}

}  // namespace

bool is_regular_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

ImportCollector::ImportCollector(const ImportOptions& options, ImportFormat format,
                                 const ImportSink& sink)
    : options_(options), sink_(sink) {
  summary_.format = format;
}

std::optional<std::string> ImportCollector::mapped_source(std::string_view source) const {
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& mapping : options_.sources) {
    const bool is_longer = best == nullptr || mapping.first.size() > best->first.size();
    if (is_longer && stands_before(mapping.first, source)) best = &mapping;
  }
  if (best == nullptr) return std::nullopt;
  std::string rest(source.substr(best->first.size()));
  if (best->first.find('\\') != std::string::npos)
    std::replace(rest.begin(), rest.end(), '\\', '/');
  rest.erase(0, rest.find_first_not_of("/\\"));
  const std::filesystem::path relative = std::filesystem::path(rest).lexically_normal();
  if (relative.empty() || *relative.begin() == "..") {
    throw Error(ErrorKind::usage, fmt::format("'{}' leads out of the folder that '{}' stands for",
                                              source, best->first));
  }
  return (absolute_path(best->second) / relative).string();
}

void ImportCollector::add_root(const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (error) return;
  const std::string named = folder.string();
  roots_.push_back({named.ends_with('/') ? named : named + "/", real});
}

void ImportCollector::keep_within(const fs::path& folder) {
  if (options_.follow_links) return;
  add_root(absolute_path(folder));
  for (const auto& mapping : options_.sources) add_root(absolute_path(mapping.second));
}

bool ImportCollector::leads_out(const std::string& source) {
  const Root* root = nullptr;
  for (const Root& each : roots_) {
    const bool is_nearer = root == nullptr || each.named.size() > root->named.size();
    if (is_nearer && source.starts_with(each.named)) root = &each;
  }
  if (root == nullptr) return false;
  const auto is_out = [root](const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    return !error && !is_same_or_above(root->real, real);
  };
  std::string folder = source.substr(0, source.rfind('/'));
  if (folder != last_folder_) {
    last_leads_out_ = is_out(folder);
    last_folder_ = std::move(folder);
  }
  std::error_code ignored;
  return last_leads_out_ || (fs::is_symlink(source, ignored) && is_out(source));
}

void ImportCollector::problem(const std::string& place, const std::string& what) {
  ++summary_.problem_count;
  if (summary_.problems.size() < options_.max_problems) summary_.problems.push_back({place, what});
}

void ImportCollector::ignore(const std::string& why, std::int64_t count) {
  if (count > 0) summary_.ignored[why] += count;
}

std::optional<std::string> ImportCollector::mapped_label(const std::string& label) {
  const auto wanted = options_.labels.find(label);
  const std::string& name = wanted == options_.labels.end() ? label : wanted->second;
  const bool is_bad = !name.empty() && why_no_label(name).has_value();
  if (!is_bad || options_.bad_labels == ImportOptions::BadLabels::keep) return name;
  if (options_.bad_labels == ImportOptions::BadLabels::refuse) {
    if (bad_labels_.size() < kMostClasses) bad_labels_.insert(name);
    return std::nullopt;
  }
  const auto known = summary_.mapped_labels.find(name);
  if (known != summary_.mapped_labels.end()) return known->second;
  return summary_.mapped_labels.emplace(name, proposals_.propose(name)).first->second;
}

// False when a label is refused.
bool ImportCollector::map_labels(ManifestSample& sample) {
  bool all = true;
  std::map<std::string, std::string> changed;
  for (const std::string& label : sample.labels) {
    const auto mapped = mapped_label(label);
    if (!mapped) {
      all = false;
    } else if (*mapped != label) {
      changed.emplace(label, *mapped);
    } else if (const auto name = proposals_.proposed_for(label)) {
      throw Error(
          ErrorKind::usage,
          fmt::format("the label '{}' is there, and '{}' would be called so too", label, *name),
          fmt::format("give that another name: --map-label '{}=NAME'", *name));
    }
  }
  if (!changed.empty()) rename_labels(sample, changed);
  return all;
}

void ImportCollector::count(const ManifestSample& sample) {
  ++summary_.pictures;
  if (sample.labels.empty()) ++summary_.unlabelled;
  if (sample.labels.size() > 1) ++summary_.several_labels;
  if (is_remote_address(sample.source) && summary_.remote++ == 0) {
    summary_.first_remote = sample.source;
  }
  if (sample.usage == Usage::train) ++summary_.train;
  if (sample.usage == Usage::validation) ++summary_.validation;
  if (sample.usage == Usage::test) ++summary_.test;
  for (const std::string& label : sample.labels) {
    if (++summary_.classes[label] == 1) proposals_.take(label);
  }
  if (summary_.classes.size() > kMostClasses) {
    throw Error(ErrorKind::usage, fmt::format("more than {} different labels", kMostClasses),
                "check that what is read as the label is one");
  }
}

void ImportCollector::add(ManifestSample sample, const std::string& place, bool is_there) {
  if (find_bad_utf8(sample.source) != std::string_view::npos) {
    problem(place, "its name is not UTF-8, which a manifest cannot hold: rename it");
    return;
  }
  if (!is_there && options_.require_files && !is_remote_address(sample.source)) {
    struct stat info {};
    if (::stat(sample.source.c_str(), &info) != 0) {
      problem(place, fmt::format("there is no file '{}'", sample.source));
      return;
    }
    if (!S_ISREG(info.st_mode)) {
      problem(place, fmt::format("'{}' is no regular file", sample.source));
      return;
    }
  }
  if (leads_out(sample.source)) {
    problem(place, fmt::format("'{}' is a link that leads out of the folder, and is not followed",
                               sample.source));
    return;
  }
  if (!map_labels(sample)) {
    ++refused_;
    return;
  }
  count(sample);
  sink_(std::move(sample));
}

void ImportCollector::throw_bad_labels() {
  std::vector<std::string> lines = {"give them other names:"};
  for (const std::string& bad : bad_labels_) {
    if (lines.size() > kBadLabelsShown) {
      lines.push_back(fmt::format("… and {} more", bad_labels_.size() - kBadLabelsShown));
      break;
    }
    lines.push_back(fmt::format("--map-label '{}={}'", printable(bad), proposals_.propose(bad)));
  }
  lines.emplace_back("or --map-labels for all of them");
  const std::string& first = *bad_labels_.begin();
  throw Error(ErrorKind::usage,
              fmt::format("{} {} of at most {} letters, digits, '-' and '_' ('{}' {}); {} {}",
                          bad_labels_.size(),
                          bad_labels_.size() == 1 ? "name is not a label" : "names are not labels",
                          kMaxLabelCharacters, first, *why_no_label(first), refused_,
                          refused_ == 1 ? "picture has one" : "pictures have them"),
              join(lines, "\n"));
}

ImportSummary ImportCollector::finish(const std::filesystem::path& source) {
  if (!bad_labels_.empty()) throw_bad_labels();
  if (summary_.pictures > 0) return std::move(summary_);
  if (summary_.problem_count == 0) {
    throw Error(ErrorKind::usage, fmt::format("there are no pictures in '{}'", source.string()),
                "a folder for each class, a folder of pictures, a CSV table or a manifest is read");
  }
  const ImportProblem& first =
      summary_.problems.empty() ? ImportProblem{} : summary_.problems.front();
  throw Error(ErrorKind::usage,
              fmt::format("none of the {} pictures of '{}' can be used: {}: {}",
                          summary_.problem_count, source.string(), first.place, first.what),
              "sources elsewhere can be mapped: --map-source 's3://bucket/=FOLDER'");
}

}  // namespace mat
