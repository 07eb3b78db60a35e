#!/usr/bin/env bash
# Builds mat and runs every test and check, from a bare Debian 12 machine on, as root or with sudo.
# Asks nothing. The last line is "N passed, N failed, N skipped"; the exit status is 0 when nothing
# failed.
#
#   tests/run.sh                  everything; under 25 minutes on two cores from nothing
#   tests/run.sh --quick          without the quickstart, soak, clang-tidy, fuzzers and newest LibTorch
#   tests/run.sh --only NAME      one part, or several: --only core --only cli
#   tests/run.sh --list           the names of the parts
#
# MAT_FUZZ_SECONDS (10) is how long each fuzzer runs. MAT_LIBTORCH names the folder of another
# LibTorch to build with beside Debian's, instead of the newest one from pip. MAT_SHARED_DATA names a
# folder of real photographs (clothes6/, odd-images/); by default shared/data beside the clone.

set -euo pipefail
PROGRAM=tests
source "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"

TEST_PACKAGES=(
  catch2 clang clang-format clang-tidy libclang-rt-14-dev
  python3 python3-venv python3-numpy python3-pil python3-sklearn python3-torch python3-torchvision
  python3-onnx shellcheck zsh fish
  # What a container's image is made of, and object storage to fetch from.
  rclone bubblewrap busybox-static podman runc catatonit
  # The peer of a benchmark.
  libturbojpeg0-dev
  # Takes the graphs that mat draws for it.
  graphviz
  # A clock that is set back, a disk that fails, and a page in a browser.
  faketime e2fsprogs chromium
  # A cluster to submit to.
  slurm-wlm munge
  swift-proxy swift-account swift-container swift-object python3-swift memcached
)
PARTS=(layers format core trainers cli install quickstart soak tidy fuzz libtorch)
NEWEST_LIBTORCH=2.13.0
SUITE_SECONDS=2400
CHECKS=$SOURCE/tests/checks

passed=0 failed=0 skipped=0
failures=()
ended=

# fail WHAT [COUNT]: counted, and told again at the end.
fail() {
  failed=$((failed + ${2:-1}))
  failures+=("$1")
  printf '%s: FAILED: %s\n' "$PROGRAM" "$1" >&2
}

skip() {
  skipped=$((skipped + 1))
  printf '%s: SKIPPED: %s\n' "$PROGRAM" "$*" >&2
}

summary() {
  local status=$? failure
  if [[ -z $ended ]]; then
    failed=$((failed + 1))
    failures+=("stopped before the end (exit $status)")
  fi
  for failure in "${failures[@]}"; do
    say "FAILED: $failure"
  done
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  ((failed == 0)) || status=1
  exit "$status"
}

# check NAME COMMAND…: one check; what it prints is shown when it fails, its notes always.
check() {
  local name=$1 log start=$SECONDS status=0
  log=$(log_of "$name")
  shift
  timeout --kill-after=10 "$SUITE_SECONDS" "$@" >"$log" 2>&1 || status=$?
  if ((status == 0)); then
    grep -E '^(note|WARNING)' "$log" || true
    passed=$((passed + 1))
    say "$name: passed ($((SECONDS - start)) s)"
  else
    tail -n 200 "$log" >&2
    fail "$name ($(how_it_ended "$status"))"
  fi
}

# suite NAME PROGRAM [PARTS [FILTER]]: a Catch2 program, in so many processes at once; the test cases
# that the filter leaves. Each of them counts; one that misses what it needs prints a line that begins with WARNING, or warns by Catch2,
# and returns, which counts as skipped.
suite() {
  local name=$1 program=$2 parts=${3:-1} filter=${4-} log start=$SECONDS status=0 total bad missed
  log=$(log_of "$name")
  run_parts "$program" "$parts" "$log" "$filter" || status=$?
  read -r total bad < <(catch2_counts "$log")
  missed=$(warnings "$log" | wc -l)
  if ((status != 0)); then
    tail -n 300 "$log" >&2
    ((bad > 0)) || bad=1
    fail "$name ($(how_it_ended "$status"), $bad of its tests)" "$bad"
  elif ((total == 0)); then
    fail "$name (it has no tests)"
  fi
  while read -r line; do
    skip "$name: $line"
  done < <(warnings "$log")
  total=$((total - bad - missed))
  ((total > 0)) || total=0
  passed=$((passed + total))
  say "$name: $total passed, $bad failed, $missed skipped ($((SECONDS - start)) s)"
}

# What a suite's log says it has missed: lines that begin with WARNING, and Catch2's own warnings.
warnings() {
  awk '/^WARNING/ { print }
       /: warning:$/ { getline; sub(/^ +/, ""); print "WARNING: " $0 }' "$1"
}

how_it_ended() {
  case $1 in
    124 | 137) echo "no end within $SUITE_SECONDS s" ;;
    12[6-7]) echo "it could not be started" ;;
    1[3-5][0-9]) echo "signal $(($1 - 128))" ;;
    *) echo "exit $1" ;;
  esac
}

# run_parts PROGRAM PARTS LOG FILTER: each part has every PARTS-th test case. The status is that of a
# part that failed, if any did.
run_parts() {
  local program=$1 parts=$2 log=$3 filter=$4 names part status=0 pids=()
  if ((parts == 1)); then
    run_apart home "$program" ${filter:+"$filter"} >"$log" 2>&1
    return
  fi
  names=$("$program" --list-test-names-only ${filter:+"$filter"}) || true
  for ((part = 0; part < parts; part++)); do
    # What stands for something in a filter stands for itself in a name.
    awk -v parts="$parts" -v part="$part" 'NR % parts == part' <<<"$names" |
      sed 's/[\\,"*[]/\\&/g' >"$log.$part.names"
    run_apart "home-$part" "$program" --input-file "$log.$part.names" >"$log.$part" 2>&1 &
    pids+=($!)
  done
  for part in "${!pids[@]}"; do
    wait "${pids[part]}" || status=$?
  done
  for ((part = 0; part < parts; part++)); do cat "$log.$part"; done >"$log"
  return "$status"
}

# "TOTAL FAILED", test cases of a Catch2 log, or of several one after another.
catch2_counts() {
  awk '/^All tests passed/ { for (i = 2; i <= NF; i++) if ($i ~ /^test/) total += $(i - 1) }
       /^test cases:/ { total += $3; for (i = 2; i <= NF; i++) if ($i == "failed") bad += $(i - 1) }
       END { print total + 0, bad + 0 }' "$1"
}

# run_apart NAME COMMAND…: with a home of its own: no test can touch, or depend on, what the user
# has.
run_apart() {
  local home=$BUILD/tests/$1
  shift
  rm -rf "$home"
  mkdir -p "$home"
  # What bash starts in the background would ignore Ctrl-C, and so would what it starts.
  env --default-signal=INT,QUIT -u MAT_HOME -u XDG_DATA_HOME -u XDG_CACHE_HOME \
    -u XDG_CONFIG_HOME -u NO_COLOR \
    HOME="$home" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
    timeout --kill-after=10 "$SUITE_SECONDS" "$@"
}

part_layers() {
  check "layers" python3 -B "$CHECKS/layers.py"
  check "the layer check finds breaches" python3 -B "$CHECKS/layers_test.py"
}
part_format() {
  check "format" "$CHECKS/format.sh"
  check "shell scripts" "$CHECKS/scripts.sh"
}
part_core() {
  use_tensorboard
  suite core_tests "$BUILD/bin/core_tests" 2
}
part_trainers() {
  local log
  log=$(log_of "install onnxruntime")
  say "install onnxruntime …"
  # Without it, the test that wants it says so.
  if MAT_ONNXRUNTIME_PYTHON=$(python_with onnxruntime "$BUILD/tests/venv" 2>"$log"); then
    export MAT_ONNXRUNTIME_PYTHON
  else
    say "onnxruntime: $(tail -n 1 "$log")"
    unset MAT_ONNXRUNTIME_PYTHON
  fi
  suite trainers_tests "$BUILD/bin/trainers_tests"
}
part_cli() {
  use_tensorboard
  use_axe
  # They mostly wait for processes.
  suite cli_tests "$BUILD/bin/cli_tests" 4
}

# Without it, the tests that want it say so.
use_axe() {
  local log
  log=$(log_of "install axe")
  say "install axe …"
  if MAT_AXE=$(axe_script "$BUILD/tests/axe" 2>"$log"); then
    export MAT_AXE
  else
    say "axe: $(tail -n 1 "$log")"
    unset MAT_AXE
  fi
}

# The same.
use_tensorboard() {
  local log python
  [[ -z ${MAT_TENSORBOARD_PYTHON-} ]] || return 0
  log=$(log_of "install tensorboard")
  say "install tensorboard …"
  if python=$(python_with tensorboard "$BUILD/tests/venv-tensorboard" 2>"$log"); then
    export MAT_TENSORBOARD_PYTHON=$python MAT_TENSORBOARD=${python%/*}/tensorboard
  else
    say "tensorboard: $(tail -n 1 "$log")"
  fi
}
part_install() {
  check "install" "$CHECKS/install.sh" "$BUILD"
  check "another protobuf in CMAKE_PREFIX_PATH" "$CHECKS/foreign_prefix.sh"
}
part_quickstart() { check "quickstart" "$CHECKS/quickstart.sh" "$BUILD"; }
# Small counts; tests/soak/run.sh has the whole ones.
part_soak() {
  local soak=$SOURCE/tests/soak
  export MAT_PROGRAM=$BUILD/bin/mat
  check "soak: runs that are killed" python3 -B "$soak/kill_runs.py" 12
  check "soak: all that is around runs is killed" python3 -B "$soak/kill_around_runs.py" 15
  check "soak: many at once" python3 -B "$soak/storm.py" 8 12 3
  check "soak: a queue" python3 -B "$soak/drain.py" 60
  check "soak: a service" python3 -B "$soak/service_storm.py" 15 3
}
part_tidy() { check "clang-tidy" python3 -B "$CHECKS/tidy.py" "$BUILD"; }

# As many fuzzers at once as there are cores.
part_fuzz() {
  local folder=$SOURCE/build-fuzz seconds=${MAT_FUZZ_SECONDS:-10} fuzzers fuzzer
  step "configure the fuzzers" configure "$folder" \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DMAT_FUZZERS=ON -DMAT_TESTS=OFF -DMAT_TRAINERS=OFF
  step "build the fuzzers" build "$folder" fuzzers
  mapfile -t fuzzers < <(cd "$SOURCE/tests/fuzz" && basename -s .cc -- *_fuzzer.cc)
  say "fuzzing for $seconds s each: ${fuzzers[*]} …"
  printf '%s\0' "${fuzzers[@]}" |
    xargs -0 -P "$(nproc)" -I{} "$SOURCE/tests/fuzz/run.sh" "$folder" {} "$seconds" || true
  for fuzzer in "${fuzzers[@]}"; do
    check "$fuzzer" "$SOURCE/tests/fuzz/result.sh" "$folder" "$fuzzer"
  done
}

# The newest LibTorch, from the Python wheel, where pip can install one that needs no CUDA toolkit.
part_libtorch() {
  local torch=${MAT_LIBTORCH-} name folder log
  name=${torch:-LibTorch $NEWEST_LIBTORCH}
  folder=$SOURCE/build-torch$NEWEST_LIBTORCH
  [[ -z $torch ]] || folder=$SOURCE/build-torch
  if [[ -z $torch ]]; then
    log=$(log_of "install $name")
    say "install $name …"
    if ! torch=$(newest_libtorch "$folder/venv" 2>"$log"); then
      skip "$name: $(tail -n 1 "$log")"
      return
    fi
  fi
  step "configure with $name" configure "$folder" -DCMAKE_PREFIX_PATH="$torch"
  step "build with $name" build "$folder" mat_trainers trainers_tests
  # What takes all of a limit that it is given does not differ from one LibTorch to the other.
  suite "trainers_tests with $name" "$folder/bin/trainers_tests" 1 "~[long]"
  newest_reads_exports "$torch"
}

# What the build with Debian's LibTorch exports, in the Python of a newer one.
newest_reads_exports() {
  local python packages=$1/.. exported=$BUILD/bin/trainers_tests
  local what="exports in the newest Python"
  python=$packages/../../../bin/python
  [[ -x $exported && -x $python ]] || return 0
  "$python" -c 'import torch, numpy' 2>/dev/null ||
    timeout --kill-after=10 300 "$python" -m pip --no-input --disable-pip-version-check install \
      --quiet numpy typing_extensions sympy networkx jinja2 fsspec filelock >/dev/null 2>&1 || {
    skip "$what: pip cannot install what torch for Python needs"
    return
  }
  check "$what" env MAT_TORCH_PYTHON="$python" "$exported" "every network is exported*"
}

# python_with PACKAGE VENV: prints a Python that has the package; or fails, and the last line on
# stderr says why.
python_with() {
  local package=$1 venv=$2
  if ! "$venv/bin/python" -c "import $package" >/dev/null 2>&1; then
    /usr/bin/python3 -m venv --clear --system-site-packages "$venv" >&2 || {
      echo "python3 -m venv does not work here" >&2
      return 1
    }
    timeout --kill-after=10 600 "$venv/bin/python" -m pip --no-input --disable-pip-version-check \
      install --quiet "$package" >&2 || {
      echo "pip cannot install $package" >&2
      return 1
    }
  fi
  echo "$venv/bin/python"
}

# Prints the file of axe, which looks at pages for what keeps people out; or fails, and the last line
# on stderr says why.
axe_script() {
  local venv=$1 found
  found=$(compgen -G "$venv/lib/python3*/site-packages/axe_core_python/axe.min.js") || {
    python3 -m venv --clear "$venv" >&2 || {
      echo "python3 -m venv does not work here" >&2
      return 1
    }
    timeout --kill-after=10 300 "$venv/bin/python" -m pip --no-input --disable-pip-version-check \
      install --quiet --no-deps axe-core-python==0.1.0 >&2 || {
      echo "pip cannot install axe-core-python" >&2
      return 1
    }
    found=$(compgen -G "$venv/lib/python3*/site-packages/axe_core_python/axe.min.js") || {
      echo "axe-core-python has no axe.min.js" >&2
      return 1
    }
  }
  echo "$found"
}

# Prints the folder for CMAKE_PREFIX_PATH; or fails, and the last line on stderr says why.
newest_libtorch() {
  local venv=$1 torch pip
  pip=("$venv/bin/python" -m pip --no-input --disable-pip-version-check)
  if ! "${pip[@]}" --version >/dev/null 2>&1; then
    python3 -m venv --clear "$venv" >&2 || {
      echo "python3 -m venv does not work here" >&2
      return 1
    }
  fi
  torch=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch
  if [[ ! -f $torch/version.py ]]; then
    timeout --kill-after=10 120 "${pip[@]}" install --quiet --no-deps --ignore-installed --dry-run \
      --report "$venv/report.json" "torch==$NEWEST_LIBTORCH" >&2 || {
      echo "pip offers no torch==$NEWEST_LIBTORCH" >&2
      return 1
    }
    needs_no_cuda "$venv/report.json" || {
      echo "pip offers only the one for CUDA, gigabytes that are not downloaded for a test;" \
        "PIP_INDEX_URL may name an index that has it for the CPU, MAT_LIBTORCH another LibTorch" >&2
      return 1
    }
    timeout --kill-after=10 600 "${pip[@]}" install --quiet --no-deps \
      "torch==$NEWEST_LIBTORCH" >&2 || {
      echo "pip cannot install torch==$NEWEST_LIBTORCH" >&2
      return 1
    }
  fi
  echo "$torch"
}

# needs_no_cuda REPORT: whether the wheel in pip's report is one for the CPU: says so itself, or
# wants none of CUDA's libraries.
needs_no_cuda() {
  python3 - "$1" <<'END'
import json, re, sys
wheel = json.load(open(sys.argv[1]))["install"][0]["metadata"]
wanted = [re.match(r"[\w.-]*", text)[0] for text in wheel.get("requires_dist", [])
          if "extra ==" not in text]
cuda = [name for name in wanted if re.match(r"(nvidia|cuda|triton|pytorch-triton)", name)]
sys.exit(1 if cuda and not wheel["version"].endswith("+cpu") else 0)
END
}

usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

chosen=()
while (($#)); do
  case $1 in
    --quick) chosen+=(layers format core trainers cli install) ;;
    --only)
      [[ " ${PARTS[*]} " == *" ${2-} "* ]] || {
        echo "tests: there is no part '${2-}'; there are: ${PARTS[*]}" >&2
        exit 2
      }
      chosen+=("$2")
      shift
      ;;
    --list) printf '%s\n' "${PARTS[@]}" && exit ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done
((${#chosen[@]})) || chosen=("${PARTS[@]}")

trap summary EXIT
install_packages "${TEST_PACKAGES[@]}"
use_ccache
: "${MAT_SHARED_DATA=$SOURCE/../shared/data}"
if [[ -d $MAT_SHARED_DATA ]]; then
  MAT_SHARED_DATA=$(cd "$MAT_SHARED_DATA" && pwd)
  export MAT_SHARED_DATA
else
  skip "WARNING: no real photographs in '$MAT_SHARED_DATA' (MAT_SHARED_DATA names their folder);" \
    "what needs them is not tested"
  unset MAT_SHARED_DATA
fi

if [[ " ${chosen[*]} " =~ \ (core|trainers|cli|install|quickstart|soak|tidy)\  ]]; then
  step "configure" configure "$BUILD" -DMAT_TESTS=ON
  step "build" build "$BUILD"
fi
for part in "${PARTS[@]}"; do
  [[ " ${chosen[*]} " != *" $part "* ]] || "part_$part"
done
ended=yes
