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
constexpr std::uint64_t kLongestFile = 1 << 16;

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

fs::path batch_folder(const fs::path& version_folder) { return version_folder / "batch"; }

BatchSubmission new_submission(const Home& home, const SlurmRequest& request) {
  BatchSubmission submission;
  submission.token = random_token();
  submission.job_name = fmt::format("{}{}-{}-{}", kJobNamePrefix, request.job,
                                    version_label(request.number), submission.token);
  submission.at_ms = now_ms();
  submission.request = request;
  submission.folder = home.version_folder(request.job, request.number);
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
  keep_submission(version_folder, submission);
}

void keep_submission(const fs::path& version_folder, const BatchSubmission& submission) {
  const SlurmRequest& request = submission.request;
  Json json{{"token", submission.token},
            {"job_name", submission.job_name},
            {"at_ms", submission.at_ms},
            {"unclear_ms", submission.unclear_ms},
            {"folder", submission.folder.string()},
            {"job", request.job},
            {"number", request.number},
            {"nodes", request.nodes},
            {"cores", request.needs.cores},
            {"memory_bytes", request.needs.memory_bytes},
            {"gpus", request.needs.gpus},
            {"restarts", request.restarts}};
  if (request.limit_s) json["limit_s"] = *request.limit_s;
  write_file_atomic(batch_folder(version_folder) / "submission.json", to_json_text(json) + "\n");
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
    BatchSubmission submission;
    submission.token = json.at("token").get<std::string>();
    submission.job_name = json.at("job_name").get<std::string>();
    submission.at_ms = json.at("at_ms").get<std::int64_t>();
    submission.unclear_ms = json.at("unclear_ms").get<std::int64_t>();
    submission.folder = json.at("folder").get<std::string>();
    SlurmRequest& request = submission.request;
    request.job = json.at("job").get<std::string>();
    request.number = json.at("number").get<std::int64_t>();
    request.nodes = json.at("nodes").get<int>();
    request.needs = {json.at("cores").get<int>(), json.at("memory_bytes").get<std::uint64_t>(),
                     json.at("gpus").get<int>()};
    request.restarts = json.at("restarts").get<int>();
    if (json.contains("limit_s")) request.limit_s = json.at("limit_s").get<double>();
    return submission;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("'{}' is damaged: {}", path.string(), e.what()));
  }
}

std::vector<std::string> sbatch_words(const SlurmPool& pool, const Home& home,
                                      const BatchSubmission& submission) {
  const SlurmRequest& request = submission.request;
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
  words.emplace_back(request.restarts > 0 ? "--requeue" : "--no-requeue");
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

}  // namespace mat
