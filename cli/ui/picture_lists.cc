#include "cli/ui/picture_lists.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/catalog/datasets.h"
#include "core/dataset/manifest.h"
#include "core/metrics/label_check.h"
#include "core/model/model_origin.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 1 << 28;
constexpr std::size_t kMostLists = 4;
constexpr std::int64_t kMostRows = 500;

// Changes when the file does.
std::string stamp_of(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return "";
  return fmt::format("{}:{}:{}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

std::string text_in(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

double number_in(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : 0;
}

double score_in(const Json& line, const std::string& name) {
  const auto scores = line.find("scores");
  if (scores == line.end() || !scores->is_object()) return 0;
  const auto found = scores->find(name);
  return found != scores->end() && found->is_number() ? found->get<double>() : 0;
}

// Lines that are none are left out: the file is plain, and people may edit it.
PictureList read_lines(const fs::path& file, const fs::path& root, bool are_suspects) {
  PictureList list;
  std::istringstream stream(read_file_if_exists(file, kMostBytes).value_or(""));
  for (std::string text; std::getline(stream, text);) {
    Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) continue;
    ListedPicture picture;
    picture.name = text_in(line, "file");
    picture.file = root.empty() ? fs::path() : root / picture.name;
    picture.labels = {text_in(line, "label")};
    picture.predicted = text_in(line, are_suspects ? "suggested" : "predicted");
    picture.score = are_suspects ? number_in(line, "suspicion") : score_in(line, picture.predicted);
    picture.line = std::move(text);
    list.push_back(std::move(picture));
  }
  return list;
}

PictureList read_manifest(const fs::path& file) {
  PictureList list;
  ManifestReader reader(file);
  for (ManifestSample sample; reader.next(sample);) {
    ListedPicture picture;
    picture.name = sample.source;
    if (sample.source.starts_with('/')) picture.file = sample.source;
    picture.labels = std::move(sample.labels);
    if (sample.usage) picture.usage = usage_text(*sample.usage);
    list.push_back(std::move(picture));
  }
  return list;
}

// The indices of those that `is_wanted`, of which the query names a piece.
struct Piece {
  std::vector<std::size_t> indices;
  std::size_t total = 0;
};

Piece piece_of(std::vector<std::size_t> wanted, const HttpQuery& query) {
  const auto total = static_cast<std::int64_t>(wanted.size());
  const std::int64_t begin = std::clamp<std::int64_t>(query.integer("offset", 0), 0, total);
  const std::int64_t limit = std::clamp<std::int64_t>(query.integer("limit", 60), 0, kMostRows);
  const std::int64_t end = std::min(total, begin + limit);
  return {{wanted.begin() + begin, wanted.begin() + end}, wanted.size()};
}

template <typename Wanted>
std::vector<std::size_t> indices_of(const PictureList& list, const Wanted& is_wanted) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (is_wanted(list[i])) indices.push_back(i);
  }
  return indices;
}

bool matches(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

}  // namespace

std::shared_ptr<const PictureList> PictureLists::kept(const fs::path& file, const std::string& what,
                                                      const Read& read) {
  const std::string key = file.string() + '\n' + what + '\n' + stamp_of(file);
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(lists_.begin(), lists_.end(), [&](const Kept& one) { return one.key == key; });
  if (found != lists_.end()) {
    lists_.splice(lists_.begin(), lists_, found);
    return lists_.front().list;
  }
  auto list = std::make_shared<const PictureList>(read());
  lists_.push_front({key, list});
  if (lists_.size() > kMostLists) lists_.pop_back();
  return list;
}

std::shared_ptr<const PictureList> PictureLists::dataset(Registry& registry,
                                                         const std::string& name) {
  const bool is_version = name.find('@') != name.npos;
  if (!is_version) registry.dataset(name);
  const fs::path file = is_version ? manifest_of(registry.home(), registry.dataset_version(name))
                                   : list_of_dataset(registry.home(), name);
  return kept(file, "", [&] { return read_manifest(file); });
}

std::shared_ptr<const PictureList> PictureLists::of_version(Registry& registry,
                                                            const std::string& reference,
                                                            bool are_suspects) {
  const VersionRecord version = registry.version(reference);
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  const fs::path file = folder / (are_suspects ? "label_suspects.jsonl" : "predictions.jsonl");
  const fs::path root = root_of_data(version);
  return kept(file, root.string(), [&] { return read_lines(file, root, are_suspects); });
}

std::shared_ptr<const PictureList> PictureLists::predictions(Registry& registry,
                                                             const std::string& reference) {
  return of_version(registry, reference, false);
}

std::shared_ptr<const PictureList> PictureLists::suspects(Registry& registry,
                                                          const std::string& reference) {
  return of_version(registry, reference, true);
}

Json predictions_document(const PictureList& list, const HttpQuery& query) {
  const std::string label = query.get("label"), predicted = query.get("predicted");
  const bool only_wrong = query.integer("wrong", 0) != 0;
  auto indices = indices_of(list, [&](const ListedPicture& picture) {
    return matches(label, picture.labels.front()) && matches(predicted, picture.predicted) &&
           !(only_wrong && picture.labels.front() == picture.predicted);
  });
  if (query.get("order") == "surest") {
    std::stable_sort(indices.begin(), indices.end(),
                     [&](std::size_t a, std::size_t b) { return list[a].score > list[b].score; });
  }
  const Piece piece = piece_of(std::move(indices), query);
  Json rows = Json::array();
  for (const std::size_t i : piece.indices) {
    Json row = Json::parse(list[i].line, nullptr, false);
    row["index"] = i;
    row["score"] = list[i].score;
    rows.push_back(std::move(row));
  }
  return {{"rows", std::move(rows)}, {"total", piece.total}};
}

Json suspects_document(const PictureList& list, const HttpQuery& query) {
  const auto stands_out = [](const auto& picture) { return picture.score >= kLeastSuspicion; };
  const Piece piece = piece_of(indices_of(list, stands_out), query);
  Json rows = Json::array();
  for (const std::size_t i : piece.indices) {
    rows.push_back({{"index", i},
                    {"file", list[i].name},
                    {"label", list[i].labels.front()},
                    {"looks_like", list[i].predicted},
                    {"suspicion", list[i].score}});
  }
  return {{"rows", std::move(rows)}, {"total", piece.total}};
}

Json dataset_document(const PictureList& list, const HttpQuery& query) {
  const std::string wanted = query.get("class");
  const bool only_unlabelled = query.integer("unlabelled", 0) != 0;
  std::map<std::string, std::int64_t> classes;
  std::int64_t unlabelled = 0;
  for (const ListedPicture& picture : list) {
    if (picture.labels.empty()) ++unlabelled;
    for (const std::string& label : picture.labels) ++classes[label];
  }
  const Piece piece =
      piece_of(indices_of(list,
                          [&](const ListedPicture& picture) {
                            const auto& labels = picture.labels;
                            if (only_unlabelled) return labels.empty();
                            return wanted.empty() ||
                                   std::find(labels.begin(), labels.end(), wanted) != labels.end();
                          }),
               query);
  Json names = Json::array();
  for (const auto& [name, count] : classes) names.push_back({{"name", name}, {"pictures", count}});
  Json rows = Json::array();
  for (const std::size_t i : piece.indices) {
    rows.push_back({{"index", i},
                    {"file", list[i].name},
                    {"labels", list[i].labels},
                    {"usage", list[i].usage.empty() ? Json() : Json(list[i].usage)}});
  }
  return {{"classes", std::move(names)},
          {"unlabelled", unlabelled},
          {"rows", std::move(rows)},
          {"total", piece.total}};
}

}  // namespace mat
