#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/http/query.h"
#include "core/registry/registry.h"

namespace mat {

struct ListedPicture {
  std::filesystem::path file;  // empty for one in an object store
  std::string name;            // as a person knows it
  std::vector<std::string> labels;
  std::string usage;      // of a dataset's
  std::string predicted;  // of a prediction; of a suspect what it looks like
  double score = 0;       // of `predicted`; of a suspect its suspicion
  std::string line;       // the line of the file, for what else it says; empty for a dataset's
};
using PictureList = std::vector<ListedPicture>;

// Lists of pictures that pages go through piece by piece: predictions and suspicious labels of a
// version, pictures of a dataset. The last few that were asked for stay in memory as long as their
// files are the same. Thread safe.
class PictureLists {
 public:
  std::shared_ptr<const PictureList> predictions(Registry& registry, const std::string& reference);
  std::shared_ptr<const PictureList> suspects(Registry& registry, const std::string& reference);
  // NAME, the list that is worked on, or NAME@V001.
  std::shared_ptr<const PictureList> dataset(Registry& registry, const std::string& name);

 private:
  struct Kept {
    std::string key;
    std::shared_ptr<const PictureList> list;
  };
  using Read = std::function<PictureList()>;
  std::shared_ptr<const PictureList> of_version(Registry& registry, const std::string& reference,
                                                bool are_suspects);
  std::shared_ptr<const PictureList> kept(const std::filesystem::path& file,
                                          const std::string& what, const Read& read);

  std::mutex mutex_;
  std::list<Kept> lists_;  // newest first
};

// Documents for pages: {"rows", "total"}, of the pictures that the query asks for, from "offset"
// "limit" of them.
Json predictions_document(const PictureList& list, const HttpQuery& query);
Json suspects_document(const PictureList& list, const HttpQuery& query);
Json dataset_document(const PictureList& list, const HttpQuery& query);

}  // namespace mat
