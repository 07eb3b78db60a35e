#!/usr/bin/env python3
"""Runs clang-tidy over the product's sources, with the rules in .clang-tidy.

    tidy.py BUILD_FOLDER [PREFIX…]    files that begin with one of the prefixes; by default
                                      cli/, core/ and, where the build has them, trainers/

A file that was clean is not looked at again until it, one of our headers that it includes, or the
rules change: BUILD_FOLDER/tidy keeps an empty file named by the hash of all that.
The sources that include LibTorch share one precompiled header, which clang makes first.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORCH_HEADER = "trainers/torch.h"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)
# What GCC understands and clang does not, and the precompiled headers that GCC made.
GCC_ONLY = {"-fpch-preprocess", "-Winvalid-pch", "-fno-gnu-unique"}


def tool(name):
    """The version that Debian 12 has, whatever the machine calls it."""
    for candidate in (f"{name}-14", name):
        if subprocess.run(["which", candidate], capture_output=True).returncode == 0:
            return candidate
    sys.exit(f"{name} is not installed")


def included_files(name, seen):
    """`name` and all of our own files that it includes, however deep."""
    if name in seen or not (ROOT / name).is_file():
        return seen
    seen.add(name)
    for found in INCLUDE.findall((ROOT / name).read_bytes()):
        included_files(found.decode(), seen)
    return seen


def compiler_arguments(entry):
    """The arguments of a compilation, for clang, without the compiler, input and output."""
    arguments = shlex.split(entry["command"])
    # A launcher (ccache, and the env in front of it) stands before the compiler.
    first = next(i for i, a in enumerate(arguments) if re.search(r"(\+\+|/cc|gcc|clang)(-\d+)?$", a))
    result, skip = [], 0
    arguments = arguments[first + 1:]
    for i, argument in enumerate(arguments):
        if skip:
            skip -= 1
        elif argument in ("-o", "-c"):
            skip = 1
        elif argument == "-include" and "cmake_pch" in arguments[i + 1]:
            skip = 1
        elif argument not in GCC_ONLY:
            result.append(argument)
    return result


class Tidy:
    def __init__(self, build):
        self.build = build
        self.tidy = tool("clang-tidy")
        self.clean = build / "tidy"
        self.clean.mkdir(parents=True, exist_ok=True)
        version = subprocess.run([self.tidy, "--version"], capture_output=True).stdout
        self.rules = version + (ROOT / ".clang-tidy").read_bytes()
        self.entries = {}
        for entry in json.loads((build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["file"])
            if path.is_relative_to(ROOT):
                self.entries.setdefault(str(path.relative_to(ROOT)), entry)

    def key(self, name):
        digest = hashlib.sha256(self.rules)
        digest.update("\0".join(compiler_arguments(self.entries[name])).encode())
        for included in sorted(included_files(name, set())):
            digest.update(included.encode() + b"\0" + (ROOT / included).read_bytes())
        return digest.hexdigest()

    def precompiled_torch(self, name):
        """Made from the arguments of `name`, which all sources of trainers share."""
        output = self.clean / "torch.pch"
        result = subprocess.run(
            [tool("clang++"), "-x", "c++-header", *compiler_arguments(self.entries[name]), "-w",
             str(ROOT / TORCH_HEADER), "-o", str(output)],
            cwd=self.entries[name]["directory"], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"clang cannot compile {TORCH_HEADER}:\n{result.stderr[-4000:]}")
        return ["-include-pch", str(output)]

    def check(self, name, extra):
        """What is wrong with `name`; empty when it is clean."""
        result = subprocess.run(
            [self.tidy, "--quiet", str(ROOT / name), "--", *compiler_arguments(self.entries[name]),
             *extra, "-Wno-unknown-warning-option"],
            cwd=self.entries[name]["directory"], capture_output=True, text=True)
        if result.returncode == 0:
            return ""
        return result.stdout + ("" if "error:" in result.stdout else result.stderr)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    prefixes = tuple(sys.argv[2:]) or ("cli/", "core/", "trainers/")
    tidy = Tidy(build)
    keys = {name: tidy.key(name) for name in tidy.entries if name.startswith(prefixes)}
    todo = [name for name in sorted(keys) if not (tidy.clean / keys[name]).exists()]
    with_torch = [name for name in todo if TORCH_HEADER in included_files(name, set())]
    extra = tidy.precompiled_torch(with_torch[0]) if with_torch else []
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = pool.map(lambda name: tidy.check(name, extra if name in with_torch else []), todo)
        for name, problem in zip(todo, problems):
            if problem:
                wrong += 1
                print(problem.strip(), flush=True)
            else:
                (tidy.clean / keys[name]).touch()
    print(f"{len(keys)} files, {len(todo)} looked at, {wrong} with problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
