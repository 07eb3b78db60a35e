#!/usr/bin/python3
"""Answers for rows of tables with TorchScript programs in Python alone:
load_table_torchscript.py FOLDER NAME...

For every NAME, FOLDER holds NAME.pt and NAME.expected.safetensors with what mat says of "rows":
"logits" and "probabilities", or "value". Exit status: 0 they are the same, 1 something differs, 77
there is no torch.
"""
import json
import sys

try:
    import torch
except ImportError as error:
    print("cannot load TorchScript:", error, file=sys.stderr)
    sys.exit(77)

import tensor_file

torch.set_num_threads(1)
failed = False
for name in sys.argv[2:]:
    program = torch.jit.load(f"{sys.argv[1]}/{name}.pt")
    program.eval()
    expected, _ = tensor_file.read(f"{sys.argv[1]}/{name}.expected.safetensors")
    rows = torch.from_numpy(expected["rows"])
    given = "logits" if "logits" in expected else "value"
    worst = tensor_file.difference(expected[given], program(rows).numpy())
    sure = expected["probabilities"] if given == "logits" else expected["value"].flatten()
    worst = max(worst, tensor_file.difference(sure, program.predict(rows).numpy()))
    assert program.columns == ["x", "y", "kind"], program.columns
    assert program.categories == {"kind": ["far", "near"]} or \
        program.categories == {"kind": ["near", "far"]}, program.categories
    assert json.loads(program.preprocessing)["target"] == program.target
    if given == "logits":
        assert program.classes == ["no", "yes"], program.classes
    else:
        assert program.target_deviation > 0 and program.target_mean > 100
    print(f"torch {torch.__version__} {name}: {given} {worst:.2g}")
    if not worst <= 1e-4:
        print(f"{name}: differs by {worst:g}")
        failed = True
sys.exit(1 if failed else 0)
