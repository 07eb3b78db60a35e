#!/usr/bin/python3
"""Answers with ONNX files in onnxruntime: run_onnx.py FOLDER NAME...

For every NAME, FOLDER holds NAME.onnx and NAME.expected.safetensors, in which "logits" are what mat
says of "colours". Exit status: 0 the same, 1 something differs, 77 there is no onnxruntime.
"""
import sys

try:
    import numpy
    import onnxruntime
except ImportError as error:
    print("cannot run ONNX files:", error, file=sys.stderr)
    sys.exit(77)

import tensor_file

failed = False
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
for name in sys.argv[2:]:
    session = onnxruntime.InferenceSession(f"{sys.argv[1]}/{name}.onnx", options,
                                           providers=["CPUExecutionProvider"])
    expected, _ = tensor_file.read(f"{sys.argv[1]}/{name}.expected.safetensors")
    colours = expected["colours"]
    logits = session.run(["logits"], {"pictures": colours})[0]
    one = session.run(["logits"], {"pictures": colours[:1]})[0]
    worst = max(tensor_file.difference(expected["logits"], logits),
                tensor_file.difference(expected["logits"][:1], one))
    print(f"onnxruntime {onnxruntime.__version__} {name}: logits {worst:.2g}")
    same = (logits.argmax(1) == expected["logits"].argmax(1)).all()
    if not worst <= 1e-4 or not same:
        print(f"{name}: differs by {worst:g}")
        failed = True
sys.exit(1 if failed else 0)
