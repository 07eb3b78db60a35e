#pragma once

#include <torch/script.h>

#include "core/base/file.h"
#include "core/training/model_description.h"
#include "core/training/table_description.h"
#include "trainers/models/network_graph.h"
#include "trainers/models/weights_file.h"

namespace mat {

// A program that Python's torch.jit.load() reads, from 1.13 on, without any code of ours:
//
//   forward(pictures)   float [N, 3, S, S], colours 0 to 1, to logits [N, classes]: it normalizes
//                       them itself.
//   predict(picture)    uint8 [H, W, 3], red, green and blue, upright and of any size, to the
//                       probability of each class: it makes the views, averages over them and
//                       applies the temperature. numpy.asarray(PIL.Image) is such a picture.
//   looks(picture)      the views themselves: uint8 [views, S, S, 3]. They are ours bit for bit
//                       (x86-64; elsewhere within a grey level), so what predict() says differs
//                       from PictureModel::answer() on the same picture by no more than the
//                       rounding of the network's sums, about 1e-6.
//
// Attributes: classes, image_size, short_side, level_side, views, mirrored, mean, std, temperature,
// as in ModelDescription; normalizes (true), network and mat_version. A trained weight "layer1.0.x"
// is the parameter layer1_0_x.
torch::jit::Module make_torchscript(const NetworkGraph& graph, const Tensors& weights,
                                    const ModelDescription& description);

// The same of a network for tables:
//
//   forward(rows)   float or double [N, columns], as TableEncoder::numbers() has them, to logits
//                   [N, classes], or to values [N, 1] in the target's own unit, in doubles.
//   predict(rows)   the same to probabilities [N, classes], or values [N].
//
// Attributes: columns (List[str]), the order of what it takes; categories (Dict[str, List[str]]),
// of columns that are no numbers; target (str); classes (List[str]), or target_mean and
// target_deviation (float); preprocessing (str), JSON as to_json(TableDescription) has it; network
// and mat_version.
torch::jit::Module make_table_torchscript(const NetworkGraph& graph, const Tensors& weights,
                                          const TableDescription& description);

void write_torchscript(const torch::jit::Module& program, AtomicFile& file);

}  // namespace mat
