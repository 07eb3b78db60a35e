#include "core/model/evaluate.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/pixel_cache.h"
#include "core/dataset/published.h"
#include "core/metrics/evaluation_document.h"
#include "core/training/answers.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostProblems = 20;
constexpr const char* kUnfinished = ".new-";
constexpr std::chrono::hours kLongestWriting(1);

void ask(PictureModel& model, const std::vector<PixelCache::Picture>& pictures,
         const std::vector<std::size_t>& usable, const EvaluateRequest& request,
         Predictions& predictions) {
  const auto most = static_cast<std::size_t>(std::max(1, request.batch_size));
  for (std::size_t begin = 0; begin < usable.size(); begin += most) {
    if (request.progress && !request.progress("evaluating", static_cast<std::int64_t>(begin),
                                              static_cast<std::int64_t>(usable.size()))) {
      throw Error(ErrorKind::interrupted, "interrupted");
    }
    std::vector<ImageView> batch;
    for (std::size_t i = begin; i < std::min(begin + most, usable.size()); ++i) {
      batch.push_back(pictures[usable[i]].view);
    }
    const std::vector<float> answers = model.answer(batch);
    const std::string problem = probabilities_problem(answers);
    if (!problem.empty()) throw Error(ErrorKind::usage, problem);
    predictions.probabilities.insert(predictions.probabilities.end(), answers.begin(),
                                     answers.end());
  }
}

// What killed processes have left, by its age: another may be writing just now.
void remove_unfinished(const fs::path& all) {
  const auto long_ago = fs::file_time_type::clock::now() - kLongestWriting;
  std::vector<fs::path> leftovers;
  std::error_code error;
  for (fs::directory_iterator it(all, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(kUnfinished)) continue;
    std::error_code ignored;
    const auto written = it->last_write_time(ignored);
    if (!ignored && written < long_ago) leftovers.push_back(it->path());
  }
  for (const fs::path& folder : leftovers) fs::remove_all(folder, error);
}

}  // namespace

void count_known(const KnownContents& known, const Content& content, KnownCounts& counts) {
  if (known.learnt.contains(content)) {
    ++counts.learnt_from;
  } else if (known.validated.contains(content)) {
    ++counts.validated_on;
  }
}

EvaluateResult evaluate(PictureModel& model, const ModelDescription& description,
                        const LabelledPictures& labelled, const EvaluateRequest& request) {
  const std::vector<PictureSample>& samples = labelled.set.samples;
  PixelCache cache(request.cache_folder, description.preprocessing.short_side);
  const auto reading = [&](std::int64_t done, std::int64_t total) {
    return !request.progress || request.progress("reading pictures", done, total);
  };
  const auto pictures = cache.load(files_of(labelled.set), request.threads, reading, nullptr);
  require_unchanged(labelled.set, pictures);

  EvaluateResult result;
  result.problems = labelled.problems;
  EvaluatedSamples evaluated;
  evaluated.temperature = description.temperature;
  evaluated.classes = description.classes;
  evaluated.slice_key = request.slice_key;
  evaluated.predictions.class_count = static_cast<int>(description.classes.size());
  KnownCounts known;
  std::ptrdiff_t fitted_to = 0;
  std::vector<std::size_t> usable;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!pictures[i].problem.empty()) {
      result.problems.push_back(samples[i].name + ": " + pictures[i].problem);
      continue;
    }
    usable.push_back(i);
    const Content content{pictures[i].content_high, pictures[i].content_low};
    count_known(request.known, content, known);
    // What its weights learnt before, in a training that it went on from, may be of these.
    fitted_to += request.known.validated.contains(content) ? 1 : 0;
    evaluated.names.push_back(samples[i].name);
    evaluated.slices.push_back(labelled.slices[i]);
    evaluated.predictions.labels.push_back(samples[i].label);
  }
  if (usable.empty()) {
    throw Error(ErrorKind::usage, "none of the pictures can be read", result.problems.front());
  }
  ask(model, pictures, usable, request, evaluated.predictions);
  evaluated.is_fitted_here = fitted_to * 2 > std::ssize(usable);

  result.document = evaluation_document(evaluated);
  result.document["pictures"] = {{"evaluated", usable.size()},
                                 {"learnt_from", known.learnt_from},
                                 {"validated_on", known.validated_on},
                                 {"unreadable", samples.size() - usable.size()},
                                 {"unusable", labelled.unusable},
                                 {"unlabelled", labelled.unlabelled},
                                 {"several_labels", labelled.several_labels},
                                 {"unknown_labels", labelled.unknown_labels}};
  Predictions& answers = evaluated.predictions;
  temper(answers.probabilities, answers.class_count, description.temperature);
  result.predictions = prediction_lines(evaluated, "file");
  if (result.problems.size() > kMostProblems) result.problems.resize(kMostProblems);
  return result;
}

fs::path evaluation_folder(const fs::path& folder, const std::string& name) {
  return folder / "evaluations" / name;
}

std::vector<std::string> kept_evaluations(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "evaluations", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('E')) names.push_back(name);
  }
  // E1000 comes after E999.
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);
  });
  return names;
}

std::string keep_evaluation(const fs::path& folder, const EvaluateResult& result) {
  const fs::path all = folder / "evaluations";
  // The folder that it is kept in is not made again when it was deleted meanwhile.
  std::error_code error;
  fs::create_directory(all, error);
  if (error) throw_io_error(fmt::format("cannot make '{}'", all.string()), error.value());
  remove_unfinished(all);
  // Written where nobody looks, then given the first free number: a rename never replaces a folder
  // that has something in it.
  std::string made = (all / (std::string(kUnfinished) + "XXXXXX")).string();
  if (::mkdtemp(made.data()) == nullptr) {
    throw_io_error(fmt::format("cannot make a folder in '{}'", all.string()), errno);
  }
  std::error_code ignored;
  try {
    write_file_atomic(fs::path(made) / "predictions.jsonl", result.predictions);
    write_file_atomic(fs::path(made) / "evaluation.json", to_json_text(result.document, 2) + "\n");
    fs::permissions(made, fs::perms(0755), ignored);
    const std::vector<std::string> names = kept_evaluations(folder);
    auto number = names.empty() ? 1 : parse_integer(names.back().substr(1)).value_or(0) + 1;
    for (;; ++number) {
      std::string name = fmt::format("E{:03}", number);
      if (::rename(made.c_str(), (all / name).c_str()) == 0) {
        sync_folder(all);
        return name;
      }
      if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) {
        throw_io_error(fmt::format("cannot write '{}'", (all / name).string()), errno);
      }
    }
  } catch (...) {
    fs::remove_all(made, ignored);
    throw;
  }
}

}  // namespace mat
