#include "core/slurm/slurm_pool.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {

TEST_CASE("an option of a Slurm pool is a name that sbatch takes, and one line") {
  CHECK(parse_slurm_option("constraint=a100&ib") ==
        std::pair<std::string, std::string>("constraint", "a100&ib"));
  CHECK(parse_slurm_option("exclusive").second.empty());
  CHECK(parse_slurm_option("comment=a=b").second == "a=b");
  for (const char* text : {"", "=", "constraint=", "wrap=rm", "--constraint=x", "Constraint=x",
                           "comment=a\nb", "comment=\x1b[31m", "uid=0", "chdir=/", "array=1-9"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_slurm_option(text), Error);
  }
}

TEST_CASE("what mat says to sbatch itself is refused with the way to say it") {
  try {
    parse_slurm_option("time=10");
    FAIL("it was taken");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    CHECK(e.hint() == "a spec has auto_stop");
  }
}

TEST_CASE("names of partitions, accounts and QOS are words") {
  CHECK_NOTHROW(check_slurm_name("partition", "gpu-long_2.a,main"));
  CHECK_NOTHROW(check_slurm_name("partition", ""));
  for (const char* name : {"a b", "--wrap=x", "a;b", "a\nb", "a'b", "$(x)"}) {
    INFO(name);
    CHECK_THROWS_AS(check_slurm_name("account", name), Error);
  }
}

TEST_CASE("a Slurm pool stays what it is in the registry, and says where to sbatch") {
  SlurmPool pool;
  pool.partition = "gpu";
  pool.account = "me";
  pool.options = {{"constraint", "a100"}, {"exclusive", ""}};
  pool.program = "/usr/bin/mat";
  const SlurmPool again = slurm_pool_from_json(to_json(pool));
  CHECK(place_words(again) == std::vector<std::string>{"--partition=gpu", "--account=me",
                                                       "--constraint=a100", "--exclusive"});
  CHECK(again.program == pool.program);
}

}  // namespace mat
