#!/usr/bin/env python3
"""How good `mat exeml train` is in a given time, beside PyTorch and torchvision in the same run.

usage: exeml_bench.py --mat BUILD/bin/mat --data DATA [--minutes 6] [--seeds 3] [--peer SCRIPT]
                      [--preference balance] [--noise]

DATA has train/, val/ and test/ with a folder for each class. Training sees train/; accuracy is
measured on val/ and test/ together, which nothing is chosen by in so short a time. The peer, a
script with the options of torchvision_train.py, gets the same pictures and the same minutes.

With --noise, 5 % of the training labels are changed first, and what is printed is how many of those
pictures are among the first tenth of the labels that look wrong.

Needs a quiet machine: what else runs takes its part of the minutes.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile


def pictures_of(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file())


def lay_out(data, target, noise, seed):
    """train/ and val/, the latter with the pictures of val/ and test/. Gives the changed ones."""
    classes = sorted(p.name for p in (data / "train").iterdir() if p.is_dir())
    train = [(p, p.parent.name) for c in classes for p in pictures_of(data / "train" / c)]
    chance = random.Random(seed)
    changed = set(chance.sample(range(len(train)), round(noise * len(train))))
    names = set()
    for i, (picture, label) in enumerate(train):
        if i in changed:
            label = chance.choice([c for c in classes if c != label])
        place = target / "train" / label / f"{i:05d}{picture.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place)
        if i in changed:
            names.add(place.name)
    for usage in ("val", "test"):
        for c in classes:
            for picture in pictures_of(data / usage / c):
                place = target / "val" / c / f"{usage}-{picture.name}"
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(picture, place)
    return names, len(train)


def run_mat(arguments, data, home, seed):
    environment = dict(os.environ, MAT_HOME=str(home))
    limit = (["--short-duration", str(arguments.minutes)] if arguments.minutes < 6 else
             ["--max-duration", str(arguments.minutes)])
    command = [arguments.mat, "exeml", "train", str(data), "--project", "bench", "--seed",
               str(seed), "--preference", arguments.preference, *limit]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    shown = subprocess.run([arguments.mat, "exeml", "show", "bench", "--json"], env=environment,
                           capture_output=True, text=True, check=True)
    return json.loads(shown.stdout)


def run_peer(arguments, data, seed):
    command = ["/usr/bin/python3", arguments.peer, str(data / "train"), str(data / "val"), "--tuned",
               "--minutes", str(arguments.minutes), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mat", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--preference", default="balance")
    parser.add_argument("--peer")
    parser.add_argument("--noise", action="store_true")
    arguments = parser.parse_args()
    results = {"mat": [], "peer": [], "found": []}
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        with tempfile.TemporaryDirectory(prefix="mat-bench-") as folder:
            root = pathlib.Path(folder)
            changed, count = lay_out(arguments.data, root / "data",
                                     0.05 if arguments.noise else 0, seed)
            shown = run_mat(arguments, root / "data", root / "home", seed)
            evaluation = shown["evaluation"]
            results["mat"].append(evaluation["accuracy"])
            line = (f"seed {seed}  mat   accuracy {evaluation['accuracy']:.4f} on "
                    f"{evaluation['samples']} pictures, calibration error "
                    f"{evaluation['calibration']['error_after']:.3f}, {shown['duration_s']:.0f} s")
            if arguments.noise:
                first = [p["file"].rsplit("/", 1)[-1] for p in shown["label_suspects"][:count // 10]]
                results["found"].append(len(changed & set(first)) / len(changed))
                line += f"; {results['found'][-1]:.2f} of {len(changed)} changed labels found"
            print(line, flush=True)
            if arguments.peer:
                peer = run_peer(arguments, root / "data", seed)
                results["peer"].append(peer["val_accuracy"])
                print(f"seed {seed}  peer  accuracy {peer['val_accuracy']:.4f}", flush=True)
    print(f"\n{arguments.minutes:g} minutes, {arguments.preference}, "
          f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    for name, values in results.items():
        if values:
            print(f"{name:5} mean {statistics.mean(values):.4f}  "
                  f"({', '.join(f'{v:.4f}' for v in values)})")


if __name__ == "__main__":
    main()
