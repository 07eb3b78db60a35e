#!/usr/bin/python3
"""Answers with ONNX files in onnxruntime: run_onnx.py FOLDER NAME...

For every NAME, FOLDER holds NAME.onnx and NAME.expected.safetensors, in which the file's output
("logits", or "value") is what mat says of "colours", or of "rows". Exit status: 0 the same, 1 something differs, 77 there is no onnxruntime.
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
    asked = expected["colours"] if "colours" in expected else expected["rows"]
    taken = "pictures" if "colours" in expected else "rows"
    given = "logits" if "logits" in expected else "value"
    answers = session.run([given], {taken: asked})[0]
    one = session.run([given], {taken: asked[:1]})[0]
    worst = max(tensor_file.difference(expected[given], answers),
                tensor_file.difference(expected[given][:1], one))
    print(f"onnxruntime {onnxruntime.__version__} {name}: {given} {worst:.2g}")
    same = (answers.argmax(1) == expected[given].argmax(1)).all()
    if not worst <= 1e-4 or not same:
        print(f"{name}: differs by {worst:g}")
        failed = True
sys.exit(1 if failed else 0)
