#include "core/slurm/submission.h"

#include <fmt/core.h>

#include <cmath>
#include <random>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/slurm/jobs.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScript =
    "#!/bin/sh\n"
    "exec \"$@\"\n";

// For starting, saving and handing over the results.
constexpr double kMarginSeconds = 600;
// How long before Slurm's own limit a run is told to save.
constexpr int kWarningSeconds = 60;
constexpr std::uint64_t kLongestFile = 1 << 20;

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The script does nothing but start the words that follow it here: no text of the user's goes
// through a shell.
std::vector<std::string> sbatch_words(const SlurmPool& pool, const Home& home,
                                      const SlurmRequest& request,
                                      const BatchSubmission& submission) {
  const fs::path folder = batch_folder(home.version_folder(request.job, request.number));
  std::vector<std::string> words{"sbatch",
                                 "--parsable",
                                 "--job-name=" + submission.job_name,
                                 fmt::format("--nodes={}", request.nodes),
                                 fmt::format("--ntasks={}", request.nodes),
                                 "--ntasks-per-node=1",
                                 fmt::format("--cpus-per-task={}", request.needs.cores)};
  if (request.needs.memory_bytes > 0) {
    words.push_back(fmt::format("--mem={}M", request.needs.memory_bytes >> 20));
  }
  if (request.needs.gpus > 0) words.push_back(fmt::format("--gres=gpu:{}", request.needs.gpus));
  if (request.limit_s) {
    const double minutes = std::ceil((*request.limit_s + kMarginSeconds) / 60);
    words.push_back(fmt::format("--time={}", static_cast<std::int64_t>(minutes)));
  }
  words.emplace_back(request.may_restart ? "--requeue" : "--no-requeue");
  words.push_back(fmt::format("--signal=B:URG@{}", kWarningSeconds));
  // The client itself has next to nothing in its environment; the run's own is in a file.
  words.emplace_back("--export=ALL");
  words.emplace_back("--open-mode=append");
  words.push_back("--output=" + (folder / "output.txt").string());
  words.push_back("--chdir=" + folder.parent_path().string());
  for (std::string& word : place_words(pool)) words.push_back(std::move(word));
  words.push_back((folder / "script.sh").string());
  for (const std::string& word :
       {pool.program, std::string("--home"), home.root.string(), std::string(kRunBatchCommand),
        request.job, std::to_string(request.number), submission.token}) {
    words.push_back(word);
  }
  return words;
}

}  // namespace

fs::path batch_folder(const fs::path& version_folder) { return version_folder / "batch"; }

BatchSubmission new_submission(const SlurmPool& pool, const Home& home,
                               const SlurmRequest& request) {
  BatchSubmission submission;
  submission.token = random_token();
  submission.job_name = fmt::format("{}{}-{}-{}", kJobNamePrefix, request.job,
                                    version_label(request.number), submission.token);
  submission.at_ms = now_ms();
  submission.words = sbatch_words(pool, home, request, submission);
  return submission;
}

void write_submission(const fs::path& version_folder, const BatchSubmission& submission) {
  const fs::path folder = batch_folder(version_folder);
  make_folders(folder);
  std::error_code ignored;
  fs::remove(folder / "output.txt", ignored);
  // There from the first look on: a file that was not there is believed to be missing for up to a
  // minute over NFS.
  write_file_atomic(folder / "report.jsonl", "");
  write_file_unsynced(folder / "script.sh", kScript);
  const Json json{{"token", submission.token},
                  {"job_name", submission.job_name},
                  {"at_ms", submission.at_ms},
                  {"words", submission.words}};
  write_file_atomic(folder / "submission.json", to_json_text(json) + "\n");
}

void withdraw_submission(const fs::path& version_folder) {
  const fs::path path = batch_folder(version_folder) / "submission.json";
  std::error_code error;
  if (fs::remove(path, error) || !error) return;
  throw_io_error(fmt::format("cannot remove '{}'", path.string()), error.value());
}

std::optional<BatchSubmission> read_submission(const fs::path& version_folder) {
  const fs::path path = batch_folder(version_folder) / "submission.json";
  const auto text = read_file_if_exists(path, kLongestFile);
  if (!text) return std::nullopt;
  const Json json = parse_json(*text, path.string());
  try {
    return BatchSubmission{
        json.at("token").get<std::string>(), json.at("job_name").get<std::string>(),
        json.at("at_ms").get<std::int64_t>(), json.value("words", std::vector<std::string>())};
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("'{}' is damaged: {}", path.string(), e.what()));
  }
}

}  // namespace mat
