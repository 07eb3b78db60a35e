"""Logistic regression on generated points, with Python's standard library alone."""

import argparse
import json
import math
import os
import random

parser = argparse.ArgumentParser()
parser.add_argument("--train_url", default=os.environ.get("MAT_OUTPUT_DIR", "."))
parser.add_argument("--points", type=int, default=400)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--seed", type=int, default=7)
options = parser.parse_args()

rng = random.Random(options.seed)
points = []
for _ in range(options.points):
    x, y = rng.gauss(0, 1), rng.gauss(0, 1)
    points.append((x, y, 1 if x + 2 * y + rng.gauss(0, 0.5) > 0.3 else 0))
split = len(points) * 4 // 5
train, test = points[:split], points[split:]

a = b = c = 0.0


def probability(x, y):
    return 1 / (1 + math.exp(-(a * x + b * y + c)))


for epoch in range(options.epochs):
    loss = 0.0
    for x, y, label in train:
        p = probability(x, y)
        loss -= math.log(max(p if label else 1 - p, 1e-12))
        a -= options.lr * (p - label) * x
        b -= options.lr * (p - label) * y
        c -= options.lr * (p - label)
    right = sum((probability(x, y) > 0.5) == (label == 1) for x, y, label in test)
    # A line of a name and a number is a metric.
    print(f"loss: {loss / len(train):.4f}", flush=True)
    print(f"accuracy: {right / len(test):.4f}", flush=True)

os.makedirs(options.train_url, exist_ok=True)
with open(os.path.join(options.train_url, "model.json"), "w", encoding="utf-8") as file:
    json.dump({"a": a, "b": b, "c": c}, file)
