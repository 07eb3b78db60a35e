#!/usr/bin/env python3
"""Runs clang-tidy over the product's sources, with the rules in .clang-tidy.

    tidy.py BUILD_FOLDER [PREFIX…]    files that begin with one of the prefixes; by default
                                      cli/, core/ and, where the build has them, trainers/

Sources that are compiled as one are looked at as one: the libraries' headers take longer than what
is ours. Where clang does not compile what is together, each half is looked at by itself. What was
clean is not looked at again until it, one of our headers that it includes, or the rules change:
$MAT_TIDY_CACHE, by default mat-tidy in the user's cache folder, keeps an empty file named by the
hash of all that, for every clone alike.
"""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)
COMPILER = re.compile(r"(^|/)(c\+\+|g\+\+|clang\+\+)(-\d+)?$")
# A complaint of clang-tidy, with the name of the rule at its end.
COMPLAINT = re.compile(r"^[^\s:][^:]*:\d+:\d+: (error|warning): .*\[([\w.,-]+)\]$")
# A name that breaks the rules: where it is not complained of, nothing was looked at.
CANARY = "int NotAName;"
KEPT_SECONDS = 90 * 24 * 3600
# What only GCC understands; and OpenMP, for which clang would need a header of its own.
DROPPED = {"-fpch-preprocess", "-Winvalid-pch", "-fopenmp"}


def included_files(name, seen):
    """`name` and all of our own files that it includes, however deep, put into `seen`."""
    if name not in seen and (ROOT / name).is_file():
        seen.add(name)
        for found in INCLUDE.findall((ROOT / name).read_bytes()):
            included_files(found.decode(), seen)
    return seen


def compiler_arguments(entry):
    """A compilation's arguments without the compiler, its launchers, the input, the output and the
    precompiled header that GCC made."""
    arguments = shlex.split(entry["command"])
    first = next(i for i, argument in enumerate(arguments) if COMPILER.search(argument))
    rest = iter(arguments[first + 1:])
    result = []
    for argument in rest:
        if argument in ("-o", "-c"):
            next(rest)
        elif argument == "-include":
            header = next(rest)
            if "cmake_pch" not in header:
                result += [argument, header]
        elif argument not in DROPPED:
            result.append(argument)
    return result


def sources_of(path):
    """What is compiled with it: CMake may have put several sources into one."""
    if path.parent.name != "Unity":
        return [path]
    return [pathlib.Path(found.decode()) for found in INCLUDE.findall(path.read_bytes())]


def cache_folder():
    """The folder for what was clean; None where it cannot be written."""
    caches = os.environ.get("XDG_CACHE_HOME") or pathlib.Path(os.environ.get("HOME", "/nonexistent"), ".cache")
    folder = pathlib.Path(os.environ.get("MAT_TIDY_CACHE") or pathlib.Path(caches, "mat-tidy"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else None
    except OSError:
        return None


class Tidy:
    def __init__(self, build):
        self.tool = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
        if not self.tool:
            sys.exit("clang-tidy is not installed")
        self.build = build
        self.scratch = build / "tidy"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.memory = cache_folder() or self.scratch
        version = subprocess.run([self.tool, "--version"], capture_output=True).stdout
        self.rules = version + (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
        self.entries = {}
        self.groups = []
        for entry in json.loads((build / "compile_commands.json").read_text()):
            names = [str(path.relative_to(ROOT)) for path in sources_of(pathlib.Path(entry["file"]))
                     if path.is_relative_to(ROOT)]
            names = [name for name in names if self.entries.setdefault(name, entry) is entry]
            if names:
                self.groups.append(names)
        # The longest first, so that no core waits for it at the end.
        self.groups.sort(key=lambda group: (group[0].startswith("trainers/"), len(group)), reverse=True)

    def key(self, names):
        digest = hashlib.sha256(self.rules)
        files = set()
        for name in names:
            arguments = "\0".join(compiler_arguments(self.entries[name]))
            # Where a clone and its build folder are does not matter.
            for place, meaning in ((self.build, "BUILD"), (ROOT, "ROOT")):
                arguments = arguments.replace(str(place), meaning)
            digest.update(arguments.encode())
            included_files(name, files)
        for name in sorted(files):
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
        return digest.hexdigest()

    def is_known(self, key):
        """Whether this was clean once. What is asked for is kept longer."""
        file = self.memory / key
        if not file.exists():
            return False
        file.touch()
        return True

    def remember(self, key):
        (self.memory / key).touch()

    def forget_old(self):
        limit = time.time() - KEPT_SECONDS
        for file in self.memory.glob("*"):
            # Others may be forgetting too.
            with contextlib.suppress(FileNotFoundError):
                if re.fullmatch(r"[0-9a-f]{64}", file.name) and file.stat().st_mtime < limit:
                    file.unlink()

    def check(self, names):
        """What is wrong with these sources, looked at as one; empty when nothing is."""
        source = self.scratch / (names[0].replace("/", "-") + "-and-more.cc")
        includes = "".join(f'#include "{name}"\n' for name in names)
        source.write_text(f"{includes}{CANARY}\n")
        entry = self.entries[names[0]]
        result = subprocess.run(
            [self.tool, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(source), "--",
             *compiler_arguments(entry), "-ferror-limit=0", "-w"],
            cwd=entry["directory"], capture_output=True, text=True)
        complaints, wanted, seen_canary, compiles = [], False, False, True
        for line in result.stdout.splitlines():
            complaint = COMPLAINT.match(line)
            if complaint:
                # GCC decides what compiles: clang 14 does not get through LibTorch's headers as
                # C++20 without errors.
                is_error = complaint[2].startswith("clang-diagnostic")
                compiles &= not is_error
                is_canary = CANARY.split()[1].strip(";") in line
                seen_canary |= is_canary
                wanted = not is_error and not is_canary
            if wanted:
                complaints.append(line)
        if len(names) > 1 and not compiles and not names[0].startswith("trainers/"):
            half = len(names) // 2
            return "\n".join(filter(None, (self.check(names[:half]), self.check(names[half:]))))
        if not complaints and not seen_canary:
            return f"{source}: clang-tidy did not get through\n{result.stdout}{result.stderr}"
        return "\n".join(complaints)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    prefixes = tuple(sys.argv[2:]) or ("cli/", "core/", "trainers/")
    tidy = Tidy(build)
    groups = [group for group in tidy.groups if group[0].startswith(prefixes)]
    # By what they hold now, whatever is edited meanwhile.
    keys = {group[0]: tidy.key(group) for group in groups}
    todo = [group for group in groups if not tidy.is_known(keys[group[0]])]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = {pool.submit(tidy.check, group): group for group in todo}
        for done in concurrent.futures.as_completed(checks):
            if problem := done.result():
                wrong += 1
                print(problem, flush=True)
            else:
                tidy.remember(keys[checks[done][0]])
    tidy.forget_old()
    print(f"{sum(map(len, groups))} files, {sum(map(len, todo))} looked at, problems in {wrong} parts")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
