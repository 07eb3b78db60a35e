#!/usr/bin/env python3
"""How long `mat exeml train --weights` takes by the frozen path: from photographs to a model that
is trained, calibrated and has its labels ranked.

usage: exeml_weights_bench.py --mat BUILD/bin/mat --data DATA [--pictures 600] [--network resnet18]
                              [--flavor cpu.2] [--runs 3]

DATA has train/, val/ and test/ with a folder for each class; so many pictures of all three are taken,
class by class in turns, and copied. The weights are random numbers in the shapes of torchvision's
ResNet-18 or -34, which take as long as others; the accuracy means nothing. Every run has a home of
its own, so that pictures are read, published and decoded in it. Prints the seconds of the whole
command and those of the training in it, and what it was sure to have made; fails when one run takes
60 seconds or more.

Needs a quiet machine.
"""

import argparse
import array
import itertools
import json
import math
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

GOAL_S = 60
BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}


def shapes_of(network):
    """Key -> shape of each tensor, as torchvision has them."""
    shapes = {}

    def convolution(key, out, channels, side):
        shapes[f"{key}.weight"] = (out, channels, side, side)

    def normalization(key, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{key}.{part}"] = (channels,)

    convolution("conv1", 64, 3, 7)
    normalization("bn1", 64)
    channels = 64
    for stage, blocks in enumerate(BLOCKS[network], start=1):
        out = 32 << stage
        for block in range(blocks):
            key = f"layer{stage}.{block}"
            convolution(f"{key}.conv1", out, channels, 3)
            normalization(f"{key}.bn1", out)
            convolution(f"{key}.conv2", out, out, 3)
            normalization(f"{key}.bn2", out)
            if channels != out:
                convolution(f"{key}.downsample.0", out, channels, 1)
                normalization(f"{key}.downsample.1", out)
            channels = out
    shapes["fc.weight"] = (1000, channels)
    shapes["fc.bias"] = (1000,)
    return shapes


def numbers_for(key, shape, chance):
    count = math.prod(shape)
    if len(shape) == 1:
        is_scale = key.endswith("running_var") or (".bn" in f".{key}" and key.endswith("weight"))
        is_scale = is_scale or key.endswith("downsample.1.weight")
        return array.array("f", [1.0 if is_scale else 0.0]) * count
    widest = math.sqrt(6 / math.prod(shape[1:]))  # keeps the size of what goes through
    return array.array("f", (widest * (2 * chance.random() - 1) for _ in range(count)))


def write_weights(network, path):
    chance = random.Random(1)
    header, parts, place = {}, [], 0
    for key, shape in shapes_of(network).items():
        numbers = numbers_for(key, shape, chance).tobytes()
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + len(numbers)]}
        place += len(numbers)
        parts.append(numbers)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(parts)


def lay_out(data, target, count):
    """DATA's pictures in a folder for each class; gives how many."""
    by_class = {}
    for picture in sorted(data.glob("*/*/*")):
        by_class.setdefault(picture.parent.name, []).append(picture)
    turns = itertools.zip_longest(*by_class.values())
    chosen = [picture for turn in turns for picture in turn if picture is not None][:count]
    for i, picture in enumerate(chosen):
        place = target / picture.parent.name / f"{i:05d}{picture.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place)
    return len(chosen)


def run(arguments, data, weights, home):
    environment = dict(os.environ, MAT_HOME=str(home))
    command = [arguments.mat, "exeml", "train", str(data), "--project", "bench", "--weights",
               str(weights), "--preference", "performance_first", "--max-duration", "6", "--flavor",
               arguments.flavor]
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(done.stderr)
    shown = json.loads(subprocess.run([arguments.mat, "exeml", "show", "bench", "--json"],
                                      env=environment, capture_output=True, check=True).stdout)
    return seconds, shown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mat", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--network", choices=sorted(BLOCKS), default="resnet18")
    parser.add_argument("--flavor", default="cpu.2")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    times = []
    with tempfile.TemporaryDirectory(prefix="mat-bench-") as folder:
        root = pathlib.Path(folder)
        count = lay_out(arguments.data, root / "data", arguments.pictures)
        if count < arguments.pictures:
            sys.exit(f"there are only {count} pictures in {arguments.data}")
        write_weights(arguments.network, root / "random.safetensors")
        for number in range(arguments.runs):
            seconds, shown = run(arguments, root / "data", root / "random.safetensors",
                                 root / f"home{number}")
            tried = shown["facts"]["search"]["candidates"][0]
            if "frozen" not in tried["name"]:
                sys.exit(f"this was not the frozen path: {tried['name']}")
            calibration = shown["evaluation"]["calibration"]
            times.append(seconds)
            print(f"run {number + 1}: {seconds:.1f} s, of which training {shown['duration_s']:.1f} s: "
                  f"{tried['name']} at {tried['sizes'][-1]['pixels']} px, temperature "
                  f"{calibration['temperature']:.2f}, {len(shown['label_suspects'])} labels ranked, "
                  f"{shown['evaluation']['samples']} pictures to validate on", flush=True)
    print(f"\n{count} photographs, {arguments.network}, {arguments.flavor}, load "
          f"{os.getloadavg()[0]:.1f}: median {statistics.median(times):.1f} s, longest "
          f"{max(times):.1f} s (goal: below {GOAL_S} s)")
    sys.exit(0 if max(times) < GOAL_S else 1)


if __name__ == "__main__":
    main()
