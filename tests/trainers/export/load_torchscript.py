#!/usr/bin/python3
"""Answers with TorchScript programs in Python alone: load_torchscript.py FOLDER NAME...

For every NAME, FOLDER holds NAME.pt and NAME.expected.safetensors with what mat says: "logits" for
"colours", and "looks" and "probabilities" for "picture-0", "picture-1", …. Prints the largest
differences. Exit status: 0 they are small, 1 something differs, 77 there is no torch.
"""
import sys

try:
    import numpy
    import torch
except ImportError as error:
    print("cannot load TorchScript:", error, file=sys.stderr)
    sys.exit(77)

import tensor_file

failed = False


def check(what, value, most):
    global failed
    if not value <= most:
        print(f"{what}: differs by {value:g}")
        failed = True


def compare(folder, name):
    program = torch.jit.load(f"{folder}/{name}.pt")
    program.eval()
    expected, metadata = tensor_file.read(f"{folder}/{name}.expected.safetensors")
    logits = program(torch.from_numpy(expected["colours"]))
    assert not logits.requires_grad
    worst = tensor_file.difference(expected["logits"], logits.numpy())
    check(f"{name}: logits", worst, 1e-4)
    looks = chances = 0.0
    number = 0
    while f"picture-{number}" in expected:
        picture = torch.from_numpy(expected[f"picture-{number}"])
        looks = max(looks, tensor_file.difference(expected[f"looks-{number}"],
                                                  program.looks(picture).numpy()))
        chances = max(chances, tensor_file.difference(expected[f"probabilities-{number}"],
                                                      program.predict(picture).numpy()))
        number += 1
    assert number > 0
    check(f"{name}: looks", looks, 0)
    check(f"{name}: probabilities", chances, 1e-5)
    assert program.classes == metadata["classes"].split(","), program.classes
    assert program.image_size == expected["colours"].shape[2]
    assert program.normalizes and len(program.mean) == 3 and len(program.std) == 3
    print(f"torch {torch.__version__} {name}: logits {worst:.2g}, looks {looks:g}, "
          f"probabilities {chances:.2g}")


torch.set_num_threads(1)
for name in sys.argv[2:]:
    compare(sys.argv[1], name)
sys.exit(1 if failed else 0)
