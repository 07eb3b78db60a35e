#!/usr/bin/python3
"""Compares networks of ours with torchvision's: compare_with_torchvision.py FOLDER ARCH...

For every ARCH, FOLDER holds what the test beside this file wrote: ARCH.initial.safetensors (drawn
from seed 7), ARCH.safetensors (weights) and ARCH.results.safetensors: an "input", "targets", and
what our network makes of them with these weights. This writes ARCH.python.safetensors with weights
of torchvision's own and, as "logits" in ARCH.python-results.safetensors, what they give.
Exit status: 0 all equal, 1 something differs, 77 there is no torchvision to compare with.
"""
import json
import struct
import sys

try:
    import numpy
    import torch
    import torchvision
except ImportError as error:
    print("cannot compare:", error)
    sys.exit(77)

TYPES = {"F32": numpy.float32, "I64": numpy.int64}
problems = []


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        tensors[key] = torch.from_numpy(flat.reshape(entry["shape"]).copy())
    return tensors


def write(path, tensors):
    header, data = {}, b""
    for key, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        dtype = "I64" if tensor.dtype == torch.int64 else "F32"
        header[key] = {"dtype": dtype, "shape": list(tensor.shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def expect_close(what, ours, theirs, tolerance):
    if ours.shape != theirs.shape:
        problems.append(f"{what}: {list(ours.shape)} instead of {list(theirs.shape)}")
        return
    difference = (ours.double() - theirs.double()).abs().max().item()
    scale = max(1.0, theirs.double().abs().max().item())
    if not difference <= tolerance * scale:
        problems.append(f"{what}: differs by {difference:g}")


def expect_same_direction(what, ours, theirs):
    """Deep gradients jump where rounding flips the sign before a ReLU: torchvision's own differ by
    a few hundredths between memory layouts. A wrong layer gives a distance as large as the gradient.
    What is zero but for rounding, as of a bias before another normalization, may be anything tiny."""
    distance = (ours - theirs).double().norm().item()
    size = theirs.double().norm().item()
    if not distance < 0.1 * size + 1e-4 * theirs.numel() ** 0.5:
        problems.append(f"{what}: a distance of {distance:g} at a size of {size:g}")


def compare(folder, arch):
    make = getattr(torchvision.models, arch)
    initial = read(f"{folder}/{arch}.initial.safetensors")
    weights = read(f"{folder}/{arch}.safetensors")
    results = read(f"{folder}/{arch}.results.safetensors")

    torch.manual_seed(7)
    model = make(num_classes=6)
    state = model.state_dict()
    if set(state) != set(weights):
        problems.append(f"{arch}: other keys: {sorted(set(state) ^ set(weights))[:5]}")
        return
    for key, tensor in state.items():
        expect_close(f"{arch} initial {key}", initial[key], tensor, 1e-6)

    model.load_state_dict(weights)
    model.eval()
    with torch.no_grad():
        expect_close(f"{arch} logits", results["logits"], model(results["input"]), 1e-4)

    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    loss = torch.nn.functional.cross_entropy(model(results["input"]), results["targets"])
    loss.backward()
    for key, parameter in model.named_parameters():
        expect_same_direction(f"{arch} gradient of {key}", results["gradient." + key],
                              parameter.grad)
    for key, buffer in model.named_buffers():
        expect_close(f"{arch} after a step: {key}", results["buffer." + key], buffer, 1e-4)

    model.eval()
    write(f"{folder}/{arch}.python.safetensors", model.state_dict())
    with torch.no_grad():
        write(f"{folder}/{arch}.python-results.safetensors", {"logits": model(results["input"])})


torch.set_num_threads(1)
for name in sys.argv[2:]:
    compare(sys.argv[1], name)
for problem in problems[:20]:
    print(problem)
sys.exit(1 if problems else 0)
