#include "core/run/node_check.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/slurm/client.h"
#include "core/slurm/cluster.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestFile = 4096;

fs::path path_of(const Home& home, const std::string& token) {
  return home.queue() / ("node-check-" + token);
}

// Held here, and looked for there.
class LockedFile {
 public:
  LockedFile(const Home& home, const std::string& token) : path_(path_of(home, token)) {
    make_folders(home.queue());
    write_file_atomic(path_, token + "\n");
    file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file_ || ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::unlink(path_.c_str());
      throw_io_error(fmt::format("cannot lock '{}'", path_.string()), error);
    }
  }
  ~LockedFile() { ::unlink(path_.c_str()); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

 private:
  fs::path path_;
  FileDescriptor file_;
};

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

NodeCheck check_node(const Home& home, const Pool& pool, double seconds) {
  const std::string token = random_token();
  const LockedFile file(home, token);
  std::vector<std::string> words{"srun",
                                 "--quiet",
                                 "--nodes=1",
                                 "--ntasks=1",
                                 "--cpus-per-task=1",
                                 "--job-name=mat-doctor",
                                 "--chdir=/",
                                 fmt::format("--immediate={}", static_cast<int>(seconds))};
  for (std::string& word : place_words(*pool.slurm)) words.push_back(std::move(word));
  for (const std::string& word : {pool.slurm->program, std::string("--home"), home.root.string(),
                                  std::string(kNodeCheckCommand), token}) {
    words.push_back(word);
  }
  const std::int64_t begin_ms = now_ms();
  const SlurmAnswer answer = SlurmClient(*pool.slurm).ask(words, seconds + 10);
  const std::int64_t end_ms = now_ms();
  if (!answer.ok) throw_slurm_error("srun", answer, pool.name);
  try {
    const Json said = Json::parse(answer.output);
    NodeCheck check;
    check.host = said.at("host").get<std::string>();
    check.sees_same_file = said.at("same").get<bool>();
    check.sees_locks = said.at("locked").get<bool>();
    const auto there_ms = said.at("time_ms").get<std::int64_t>();
    // Anything between the two is no difference.
    const std::int64_t nearest_ms = std::clamp(there_ms, begin_ms, end_ms);
    check.clock_difference_s = static_cast<double>(there_ms - nearest_ms) / 1000;
    check.uncertainty_s = static_cast<double>(end_ms - begin_ms) / 1000;
    return check;
  } catch (const Json::exception&) {
    throw Error(ErrorKind::io,
                fmt::format("the program on the node, '{}', is not this mat", pool.slurm->program),
                "mat pool add … --program PATH names mat's program on the nodes");
  }
}

Json answer_node_check(const Home& home, const std::string& token) {
  const fs::path path = path_of(home, fs::path(token).filename().string());
  const auto text = read_file_if_exists(path, kLongestFile);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  const bool is_locked =
      file && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return {{"host", this_machine().host},
          {"same", text && trim(*text) == token},
          {"locked", is_locked},
          {"time_ms", now_ms()}};
}

}  // namespace mat
