#!/usr/bin/env python3
"""Compares training with mat to PyTorch + torchvision, alternating in one run.

    tests/bench/train_bench.py [--mat build/bin/mat] [--data DIR] [--peer SCRIPT] [--seeds 3]
        [--epochs 5] [--batch 32] [--size 128] [--arch resnet18]

DIR has train/ and val/ with a folder for each class; by default clothes6 in $MAT_SHARED_DATA. SCRIPT
is torchvision_train.py beside this one, or another with its options and output: it is run as it
stands and with --tuned (channels_last and bf16). Each side trains the same epochs and batches with the same recipe on all
cores.

Speeds are pictures a second while training: for the peer the time of its epochs, for mat that of
its batches. Accuracies are those of the last weights, since the peer keeps no best ones. Prints a
line for each training as it ends, and the ratios last. Ratios compare medians.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = os.environ.get("MAT_SHARED_DATA")


def run(command):
    start = time.monotonic()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{command[0]} failed ({result.returncode}):\n{result.stderr}")
    return json.loads(result.stdout), time.monotonic() - start


def train_peer(a, seed, tuned):
    command = ["/usr/bin/python3", a.peer, a.data / "train", a.data / "val", "--arch", a.arch,
               "--size", a.size, "--epochs", a.epochs, "--batch", a.batch, "--seed", seed]
    result, seconds = run(command + ["--tuned"] * tuned)
    return result["images_per_second"], result["val_accuracy"], seconds, ""


def train_mat(a, seed, home):
    spec = home / "spec.yaml"
    spec.write_text(f"name: bench\nalgorithm: {a.arch}\ninputs: {{data_url: {json.dumps(str(a.data))}}}\n"
                    f"hyperparameters: {{epochs: {a.epochs}, batch_size: {a.batch}, image_size: {a.size}, "
                    f"lr: 0.05, validate_every: {a.epochs}}}\nseed: {seed}\n")
    result, seconds = run([a.mat, "--home", home, "job", "create", "-f", spec, "--json"])
    facts = result["facts"]
    return (facts["samples_per_second"], result["metrics"]["accuracy"]["last"], seconds,
            f"  {facts['precision']} {facts['layout']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mat", type=pathlib.Path, default=ROOT / "build" / "bin" / "mat")
    parser.add_argument("--data", type=pathlib.Path, required=not SHARED,
                        default=SHARED and pathlib.Path(SHARED, "clothes6"))
    parser.add_argument("--peer", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent / "torchvision_train.py")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--arch", default="resnet18")
    a = parser.parse_args()
    for needed in (a.mat, a.data / "train", a.data / "val", a.peer):
        if not needed.exists():
            sys.exit(f"{needed} is missing")

    speeds, accuracies = {}, {}
    with tempfile.TemporaryDirectory(prefix="mat-bench-") as folder:
        home = pathlib.Path(folder)
        kinds = {"plain": lambda seed: train_peer(a, seed, False),
                 "tuned": lambda seed: train_peer(a, seed, True),
                 "mat": lambda seed: train_mat(a, seed, home)}
        for seed in range(a.seeds):
            for kind, train in kinds.items():
                speed, accuracy, seconds, note = train(seed)
                speeds.setdefault(kind, []).append(speed)
                accuracies.setdefault(kind, []).append(accuracy)
                print(f"seed {seed}  {kind:5}  {speed:7.1f} pictures/s  accuracy {accuracy:.4f}  "
                      f"whole process {seconds:6.1f} s{note}", flush=True)
    print(f"\n{a.arch}, {a.size} px, batch {a.batch}, {a.epochs} epochs, {a.seeds} seeds, "
          f"{len(os.sched_getaffinity(0))} cores, load before {os.getloadavg()[2]:.1f}")
    for kind in kinds:
        print(f"{kind:5}  median {statistics.median(speeds[kind]):7.1f} pictures/s  "
              f"mean accuracy {statistics.mean(accuracies[kind]):.4f}")
    ours = statistics.median(speeds["mat"])
    for kind, goal in (("plain", 2.0), ("tuned", 1.15)):
        ratio = ours / statistics.median(speeds[kind])
        gap = statistics.mean(accuracies["mat"]) - statistics.mean(accuracies[kind])
        print(f"mat / {kind}: {ratio:.2f} (goal {goal}), accuracy {gap:+.4f}")


if __name__ == "__main__":
    main()
