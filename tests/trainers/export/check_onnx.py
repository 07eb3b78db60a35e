#!/usr/bin/python3
"""Asks ONNX's own checker about NAME.onnx, and what is in it: check_onnx.py FOLDER NAME...

Exit status: 0 all are well, 1 one is not, 77 there is no onnx for Python.
"""
import json
import sys

try:
    import onnx
except ImportError as error:
    print("cannot check ONNX files:", error, file=sys.stderr)
    sys.exit(77)

for name in sys.argv[2:]:
    model = onnx.load(f"{sys.argv[1]}/{name}.onnx")
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    shape = inferred.graph.output[0].type.tensor_type.shape.dim
    entries = {entry.key: entry.value for entry in model.metadata_props}
    classes = json.loads(entries.get("classes", '["value"]'))
    preprocessing = json.loads(entries["preprocessing"])
    assert shape[0].dim_param == "N" and shape[1].dim_value == len(classes), shape
    assert entries["mat_version"] and entries["network"]
    if preprocessing.get("kind") == "table":
        assert model.graph.input[0].name == "rows" and entries["target"]
        assert json.loads(entries["columns"]) == [c["name"] for c in preprocessing["columns"]]
    else:
        assert model.graph.input[0].name == "pictures" and model.graph.output[0].name == "logits"
        assert preprocessing["image_size"] > 0 and float(entries["temperature"]) > 0
    assert 13 <= model.opset_import[0].version <= 17
