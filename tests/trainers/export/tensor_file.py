"""Reads safetensors files for the scripts beside this one: {key: numpy array}, and the metadata."""
import json
import struct

import numpy

TYPES = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64, "U8": numpy.uint8}


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        tensors[key] = flat.reshape(entry["shape"]).copy()
    return tensors, metadata


def difference(ours, theirs):
    if ours.shape != theirs.shape:
        return float("inf")
    return float(numpy.abs(ours.astype(numpy.float64) - theirs.astype(numpy.float64)).max())
