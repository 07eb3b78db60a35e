#!/usr/bin/env python3
"""What train_bench.py measures mat against: PyTorch, torchvision and a DataLoader on the CPU.

    torchvision_train.py TRAIN VAL [--arch resnet18] [--size 128] [--epochs 5] [--batch 32]
        [--workers 1] [--lr 0.05] [--seed 0] [--tuned]

TRAIN and VAL have a folder for each class. Trains from scratch with mat's own recipe, as one first
writes it: fp32 and NCHW; or, with --tuned, channels_last and bf16 autocast. Uses all cores that it
may: Debian's PyTorch would take one. Prints one JSON document; `images_per_second` is over the
epochs, without start and validation. Needs python3-torch and python3-torchvision, or later ones.
"""
import argparse
import json
import math
import os
import time

import torch
import torchvision
from torchvision import transforms

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WARMUP = 0.1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("val")
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tuned", action="store_true")
    return parser.parse_args()


def loaders(a):
    end = [transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    train = torchvision.datasets.ImageFolder(a.train, transforms.Compose(
        [transforms.RandomResizedCrop(a.size, scale=(0.35, 1)), transforms.RandomHorizontalFlip(), *end]))
    val = torchvision.datasets.ImageFolder(a.val, transforms.Compose(
        [transforms.Resize(int(a.size * 1.14)), transforms.CenterCrop(a.size), *end]))
    workers = {"num_workers": a.workers, "persistent_workers": a.workers > 0}
    has_batch = len(train) >= a.batch
    return (torch.utils.data.DataLoader(train, a.batch, shuffle=True, drop_last=has_batch, **workers),
            torch.utils.data.DataLoader(val, a.batch, **workers))


def rate(lr, done):
    """The learning rate when this part of all steps is done: warm-up, then half a cosine."""
    if done < WARMUP:
        return lr * done / WARMUP
    return lr * (1 + math.cos(math.pi * (done - WARMUP) / (1 - WARMUP))) / 2


def train(a, model, batches):
    """Pictures seen, and the seconds that took."""
    optimizer = torch.optim.SGD(model.parameters(), lr=a.lr, momentum=0.9, nesterov=True,
                                weight_decay=5e-4)
    steps, step, seen = a.epochs * len(batches), 0, 0
    model.train()
    start = time.monotonic()
    for _ in range(a.epochs):
        for pictures, labels in batches:
            for group in optimizer.param_groups:
                group["lr"] = rate(a.lr, (step + 1) / steps)
            if a.tuned:
                pictures = pictures.to(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.tuned):
                scores = model(pictures)
                loss = torch.nn.functional.cross_entropy(scores, labels, label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            step, seen = step + 1, seen + len(labels)
    return seen, time.monotonic() - start


@torch.no_grad()
def accuracy(model, batches):
    model.eval()
    right = total = 0
    for pictures, labels in batches:
        right += (model(pictures).argmax(1) == labels).sum().item()
        total += len(labels)
    return right / total


def main():
    a = arguments()
    threads = len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    torch.manual_seed(a.seed)
    batches, checks = loaders(a)
    model = getattr(torchvision.models, a.arch)(num_classes=len(batches.dataset.classes))
    if a.tuned:
        model = model.to(memory_format=torch.channels_last)
    seen, seconds = train(a, model, batches)
    print(json.dumps({"torch": torch.__version__, "arch": a.arch, "tuned": a.tuned, "threads": threads,
                      "images_per_second": round(seen / seconds, 1),
                      "val_accuracy": round(accuracy(model, checks), 4)}))


if __name__ == "__main__":
    main()
