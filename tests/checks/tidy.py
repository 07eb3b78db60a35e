#!/usr/bin/env python3
"""Runs clang-tidy over the product's sources, with the rules in .clang-tidy.

    tidy.py BUILD_FOLDER [PREFIX…]    files that begin with one of the prefixes; by default
                                      cli/, core/ and, where the build has them, trainers/

The sources of a folder are looked at as one, and all of trainers: the libraries' headers take longer
than what is ours. Where that does not compile, since two sources share a name, each is looked at
by itself. What was clean is not looked at again until it, one of our headers that it includes, or
the rules change: BUILD_FOLDER/tidy keeps an empty file named by the hash of all that.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)
COMPILER = re.compile(r"(^|/)(c\+\+|g\+\+|clang\+\+)(-\d+)?$")
# A complaint of clang-tidy, with the name of the rule at its end.
COMPLAINT = re.compile(r"^[^\s:][^:]*:\d+:\d+: (error|warning): .*\[([\w.,-]+)\]$")
# A name that breaks the rules: where it is not complained of, nothing was looked at.
CANARY = "int NotAName;"
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


class Tidy:
    def __init__(self, build):
        self.tool = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
        if not self.tool:
            sys.exit("clang-tidy is not installed")
        self.memory = build / "tidy"
        self.memory.mkdir(parents=True, exist_ok=True)
        version = subprocess.run([self.tool, "--version"], capture_output=True).stdout
        self.rules = version + (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
        self.entries = {}
        for entry in json.loads((build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["file"])
            if path.is_relative_to(ROOT):
                self.entries.setdefault(str(path.relative_to(ROOT)), entry)

    def key(self, names):
        digest = hashlib.sha256(self.rules)
        files = set()
        for name in names:
            digest.update("\0".join(compiler_arguments(self.entries[name])).encode())
            included_files(name, files)
        for name in sorted(files):
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
        return digest.hexdigest()

    def check(self, names):
        """What is wrong with these sources, looked at as one; empty when nothing is."""
        name = names[0] if len(names) == 1 else names[0].replace("/", "-") + "-and-more.cc"
        source = ROOT / name
        if len(names) > 1:
            source = self.memory / name
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
            return "\n".join(filter(None, (self.check([name]) for name in names)))
        if not complaints and not seen_canary and (len(names) > 1 or result.returncode != 0):
            return f"{source}: clang-tidy did not get through\n{result.stdout}{result.stderr}"
        return "\n".join(complaints)


def grouped(names):
    groups = {}
    for name in names:
        folder = name.split("/")[0] if name.startswith("trainers/") else os.path.dirname(name)
        groups.setdefault(folder, []).append(name)
    # The longest first, so that no core waits for it at the end.
    return sorted(groups.values(), key=lambda group: (group[0].startswith("trainers/"), len(group)),
                  reverse=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    prefixes = tuple(sys.argv[2:]) or ("cli/", "core/", "trainers/")
    tidy = Tidy(build)
    names = sorted(name for name in tidy.entries if name.startswith(prefixes))
    todo = [group for group in grouped(names) if not (tidy.memory / tidy.key(group)).exists()]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for group, problem in zip(todo, pool.map(tidy.check, todo)):
            if problem:
                wrong += 1
                print(problem, flush=True)
            else:
                (tidy.memory / tidy.key(group)).touch()
    print(f"{len(names)} files, {sum(map(len, todo))} looked at, problems in {wrong} folders")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
