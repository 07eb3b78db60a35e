#pragma once

#include <string>

#include "core/training/model_description.h"
#include "core/training/table_description.h"
#include "trainers/export/onnx_file.h"
#include "trainers/models/network_graph.h"
#include "trainers/models/weights_file.h"

namespace mat {

// Opset 14, any number of pictures at once: "pictures", float [N, 3, S, S] with colours 0 to 1,
// which it normalizes itself, to "logits" [N, classes]. Metadata: network, classes, preprocessing
// (JSON, as to_json(ModelDescription) has them), temperature and mat_version.
OnnxModel make_onnx(const NetworkGraph& graph, const Tensors& weights,
                    const ModelDescription& description);

// The same of a network for tables: "rows", double [N, columns], as TableEncoder::numbers() has
// them, to "logits", float [N, classes], or "value", double [N, 1], in the target's own unit.
// Metadata: network, preprocessing (JSON, as to_json(TableDescription) has it), columns and, of a
// classifier, classes (JSON), target and mat_version.
OnnxModel make_table_onnx(const NetworkGraph& graph, const Tensors& weights,
                          const TableDescription& description);

// What the model gives for such pictures or rows, computed from nothing but what is in it. Knows
// the operations of make_onnx() and make_table_onnx(). Throws an io error for others, and for names
// that nothing has.
torch::Tensor run_onnx(const OnnxModel& model, const torch::Tensor& input);

}  // namespace mat
