#!/usr/bin/env python3
"""The rules of the house that a compiler does not check: who may include what, who may print, and
what must not be in the tree at all.

    layers.py [FOLDER]      checks FOLDER (by default the tree that this file is in)

Prints one line per breach, `FILE:LINE: what`, and notes about long files, which are no breach.
The exit status is 1 when there was a breach. `layers_test.py` breaks every rule once.
"""

import pathlib
import re
import subprocess
import sys

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
    "cli", "core", "docs", "examples", "tests", "trainers",
}
MAX_BYTES = 500_000
LONG_FILE_LINES = 400

# (what an #include matches, folders that may have it, how to say so)
INCLUDES = [
    (r'"cli/', ["cli/", "tests/cli/"], "only cli may include cli"),
    (r'"trainers/', ["trainers/", "tests/trainers/", "tests/bench/trainers/"],
     "only trainers may include trainers"),
    (r'"(tests|examples)/', ["tests/", "examples/"], "the product does not include tests or examples"),
    (r"<(torch|ATen|c10|caffe2)/", ["trainers/", "tests/trainers/", "tests/bench/trainers/"],
     "only trainers may include LibTorch"),
    (r"<(SQLiteCpp/|sqlite3)", ["core/registry/", "tests/core/registry/"],
     "only core/registry may include SQLite"),
    (r"<yaml-cpp/", ["core/spec/"], "only core/spec may include yaml-cpp"),
    (r"<CLI/", ["cli/"], "only cli may include CLI11"),
    (r"<google/protobuf", ["core/metrics/", "trainers/export/"],
     "only core/metrics and trainers/export may include protobuf"),
    (r"<xxhash\.h", ["core/cache/", "core/dataset/", "core/table/", "core/code/"],
     "only core/cache, core/dataset, core/table and core/code may include xxHash"),
    (r"<(turbojpeg|spng|jpeglib|png)\.h",
     ["core/image/", "examples/", "tests/core/image/", "tests/bench/turbojpeg/"],
     "only core/image may include picture libraries"),
    (r"<re2/", ["core/base/"], "only core/base may include RE2"),
    (r"<boost/", ["core/http/"], "only core/http may include Boost"),
    (r"<catch2/", ["tests/"], "only tests may include Catch2"),
]

# The folders of core, lowest first: each includes only itself and what stands before it.
CORE_ORDER = ["base", "image", "query", "algorithm", "metrics", "curves", "plot", "cache", "table",
              "dataset", "inspect", "storage", "spec", "training", "command", "registry", "catalog",
              "compare", "model", "lineage", "slurm", "code", "life", "pool", "run", "http",
              "service", "visualization"]

# (what a line of the product's C++ matches, folders where it is wrong, how to say so)
CODE = [
    (r"\bstd::(cout|cerr|clog)\b|\bfmt::print\b|\b(std::)?(printf|fprintf|puts|fputs|perror)\s*\(",
     ["core/", "trainers/"], "core and trainers do not print"),
    (r"\bstd::exit\b|\b_?_?[eE]xit\s*\(|(?<![.>])\babort\s*\(", ["core/", "trainers/"],
     "core and trainers do not end the process"),
    (r"using namespace (?!std::(\w+_)?literals)", ["cli/", "core/", "trainers/"], "no using-directives"),
]

# The lives of processes of their own, which they must end.
ENDS_ITS_PROCESS = ("core/command/guard_process.cc", "core/run/background.cc",
                    "core/storage/line_process.cc")

# What no text file of the tree may contain.
TEXT = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished work belongs into no file"),
    (r"(?<![\w.$}~-])/(work|root|opt|mnt|Users)/\w|(?<![\w.$}~-])/home/\w",
     "a path of one machine"),
    (r"\bissues?[ /#]+\d", "the tree does not speak of issues"),
    (r"(?i)(?<![a-z])helpers?(?![a-z])", "'helper' does not say what it does"),
]
# Names of formats and links that a reader follows. Anything else is a host that the tree must not
# depend on.
HOSTS = {
    "www.apache.org", "json-schema.org", "www.w3.org", "git-lfs.github.com", "localhost",
    "127.0.0.1", "example.com", "example.org",
}
# A type of the product, where its header defines it. Two of one name are one to the linker, which
# takes either's functions for both.
TYPE = re.compile(r"(?:struct|class|enum class) (\w+)(?: final)?(?: ?:[^:;{][^;{]*)? ?\{")
URL = re.compile(r"\b(?:https?|ftp)://([\w.-]+)")


def tracked_files(root):
    """What git would commit; without git, everything but build folders and dot folders."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        names = [name for name in names if not re.match(r"build[^/]*/|\.git/|\.mat/", name)]
    return sorted(name for name in names if (root / name).is_file())


def breach_of_core_order(name, included):
    """What is wrong with `included`, a folder of core, in file `name`; None when nothing is."""
    parts = name.split("/")
    if parts[0] != "core" or len(parts) < 3:
        return None
    for folder in (parts[1], included):
        if folder not in CORE_ORDER:
            return f"core/{folder} has no place in the order of core's folders (layers.py)"
    if CORE_ORDER.index(included) > CORE_ORDER.index(parts[1]):
        return f"core/{parts[1]} stands below core/{included} and may not include it"
    return None


def breaches_of_line(name, line, is_code):
    if is_code:
        include = re.match(r'\s*#\s*include\s*([<"].*)', line)
        if include:
            for pattern, allowed, what in INCLUDES:
                if re.match(pattern, include[1]) and not name.startswith(tuple(allowed)):
                    yield what
            folder = re.match(r'"core/([^/"]+)/', include[1])
            wrong_way = folder and breach_of_core_order(name, folder[1])
            if wrong_way:
                yield wrong_way
        code = re.sub(r'"(\\.|[^"\\])*"|//.*', '""', line)
        for pattern, folders, what in CODE:
            if name in ENDS_ITS_PROCESS and "end the process" in what:
                continue
            if name.startswith(tuple(folders)) and re.search(pattern, code):
                yield what
    for pattern, what in TEXT:
        if re.search(pattern, line):
            yield what
    for host in URL.findall(line):
        if host.lower() not in HOSTS:
            yield f"the host {host} is not one that the tree may name"


def check(root):
    """(breaches, notes), both lists of lines."""
    breaches, notes = [], []
    types = {}
    for name in tracked_files(root):
        path = root / name
        top = name.split("/")[0]
        if top not in TOP_LEVEL and not top.startswith("."):
            breaches.append(f"{name}: {top} does not belong at the top of the tree")
        if re.search(r"(?i)(?<![a-z])(helpers?|utils?)(?![a-z])", name):
            breaches.append(f"{name}: the name does not say what is in it")
        size = path.stat().st_size
        if size > MAX_BYTES:
            breaches.append(f"{name}: {size} bytes, more than {MAX_BYTES}")
        # These name what they look for; the licence is not ours to word.
        if name.startswith("tests/checks/") or name == "LICENSE":
            continue
        data = path.read_bytes()
        try:
            lines = data.decode().splitlines() if b"\0" not in data else []
        except UnicodeDecodeError:
            lines = []
        is_code = name.endswith((".h", ".cc"))
        for number, line in enumerate(lines, 1):
            for what in breaches_of_line(name, line, is_code):
                breaches.append(f"{name}:{number}: {what}")
            defined = TYPE.match(line)
            if defined and name.endswith(".h") and top in ("cli", "core", "trainers"):
                first = types.setdefault(defined[1], name)
                if first != name:
                    breaches.append(f"{name}:{number}: {first} has another {defined[1]}")
        if is_code and len(lines) > LONG_FILE_LINES:
            notes.append(f"{name}: {len(lines)} lines")
    return breaches, notes


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    breaches, notes = check(root)
    for note in notes:
        print(f"note: {note}, a long file")
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
