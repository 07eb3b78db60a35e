#!/usr/bin/env python3
"""layers.py finds every kind of breach, each in a small tree made for it, and nothing in a tree
that keeps the rules."""

import pathlib
import sys
import tempfile

import layers

GOOD = {
    "core/registry/registry.cc": '#include <SQLiteCpp/SQLiteCpp.h>\n#include "core/base/error.h"\n',
    "core/base/text.cc": 'int n = std::snprintf(buffer, 4, "printf(%d)", 1);  // std::cout is not here\n',
    "core/spec/spec.cc": "#include <yaml-cpp/yaml.h>\n",
    "cli/main.cc": '#include <CLI/CLI.hpp>\n#include "core/base/error.h"\n',
    "trainers/train.cc": '#include "trainers/torch.h"\n#include <torch/torch.h>\n',
    "tests/trainers/train_test.cc": '#include "trainers/torch.h"\n#include <catch2/catch.hpp>\n',
    "tests/run.sh": "cd /tmp && ls ../shared/data\n",
    "core/base/error.h": "struct Error : std::exception {\n};\nclass File;\n",
    "core/run/runner.h": "class File;\nstruct Outer {\n  struct Error {};\n};\n",
    "README.md": "see https://example.com/x and $HOME/work/x\n",
    ".gitignore": "/build/\n",
}

# (file, content, a part of the complaint)
BAD = [
    ("core/base/a.cc", '#include "cli/table.h"\n', "only cli"),
    ("trainers/a.cc", '#include "cli/table.h"\n', "only cli"),
    ("core/base/a.h", '#include "trainers/data/a.h"\n', "only trainers"),
    ("cli/a.cc", '#include "trainers/data/a.h"\n', "only trainers"),
    ("core/a.cc", '#include "tests/support/a.h"\n', "does not include tests"),
    ("core/run/a.cc", "#include <torch/torch.h>\n", "LibTorch"),
    ("cli/a.cc", "#  include <ATen/ATen.h>\n", "LibTorch"),
    ("core/query/a.cc", "#include <SQLiteCpp/SQLiteCpp.h>\n", "SQLite"),
    ("cli/a.cc", "#include <sqlite3.h>\n", "SQLite"),
    ("core/run/a.cc", "#include <yaml-cpp/yaml.h>\n", "yaml-cpp"),
    ("core/run/a.cc", "#include <CLI/CLI.hpp>\n", "CLI11"),
    ("trainers/a.cc", "#include <google/protobuf/message.h>\n", "protobuf"),
    ("trainers/a.cc", "#include <turbojpeg.h>\n", "picture libraries"),
    ("core/compare/a.cc", "#include <xxhash.h>\n", "xxHash"),
    ("core/base/a.h", '#include "core/registry/records.h"\n', "core/base stands below core/registry"),
    ("core/registry/a.h", '#include "core/run/runner.h"\n', "core/registry stands below core/run"),
    ("core/new/a.h", '#include "core/base/error.h"\n', "core/new has no place"),
    ("core/command/a.cc", "#include <re2/re2.h>\n", "RE2"),
    ("core/run/a.cc", "#include <boost/asio.hpp>\n", "Boost"),
    ("core/command/guard.cc", "std::_Exit(0);\n", "end the process"),
    ("core/a.cc", "#include <catch2/catch.hpp>\n", "Catch2"),
    ("core/a.cc", 'std::cout << "x";\n', "do not print"),
    ("core/a.cc", 'fmt::print("x");\n', "do not print"),
    ("trainers/a.cc", 'std::fprintf(stderr, "x");\n', "do not print"),
    ("core/a.cc", "std::exit(1);\n", "end the process"),
    ("cli/a.cc", "using namespace std;\n", "using-directives"),
    ("core/a.cc", "// TODO: more\n", "unfinished"),
    ("docs/a.md", "FIXME\n", "unfinished"),
    ("tests/a.sh", "ls /work/x\n", "one machine"),
    ("docs/a.md", "as /home/me/x says\n", "one machine"),
    ("core/a.cc", "// see issue 12\n", "issues"),
    ("core/a.cc", "// the helper files beside it\n", "does not say what it does"),
    ("tests/python_helper.h", "int run();\n", "the name does not say"),
    ("core/base/string_utils.h", "int run();\n", "the name does not say"),
    ("tests/a.sh", "fetch https://registry.invalid/x\n", "registry.invalid"),
    ("build.sh", "true\n", "top of the tree"),
    ("scripts/x.sh", "true\n", "top of the tree"),
    ("docs/big.md", "x" * (layers.MAX_BYTES + 1), "bytes"),
]


def write(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


# The same, of two files.
TWICE = [
    ({"core/base/a.h": "struct Finding {\n", "cli/a.h": "class Finding final : public A {\n"},
     "has another Finding"),
]


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, content in GOOD.items():
            write(root, name, content)
        breaches, _ = layers.check(root)
        failures += [f"nothing is wrong with: {breach}" for breach in breaches]
    bad = [({name: content}, complaint) for name, content, complaint in BAD] + TWICE
    for files, complaint in bad:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, content in files.items():
                write(root, name, content)
            breaches, _ = layers.check(root)
            if len(breaches) != 1 or complaint not in breaches[0]:
                shown = {name: content[:50] for name, content in files.items()}
                failures.append(f"{shown}: wanted '{complaint}', got {breaches}")
    for failure in failures:
        print(failure)
    print(f"{1 + len(bad)} trees, {len(failures)} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
