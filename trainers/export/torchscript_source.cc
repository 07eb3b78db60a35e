#include "trainers/export/torchscript_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace mat {
namespace {

// The arithmetic of core/image/resize.cc, trainers/data/picture_levels.cc, picture_views.cc and
// whole_view(), step by step: its sums are whole numbers below 2^53, which doubles hold exactly.
// Types are changed by methods: torch.float32 is not a name of the language.
constexpr const char* kPreprocessing = R"(
def single(self, x: float) -> float:
    return float(torch.tensor(x).float())

def line_weights(self, size: int, start: float, stop: float, out: int) -> Tuple[Tensor, float]:
    scale = (stop - start) / float(out)
    stretch = max(scale, 1.0)
    most = 32767.0 / min(1.0, 2.0 / stretch)
    unit = 1.0
    bits = 0
    while bits < 22 and unit * 2.0 <= most:
        unit = unit * 2.0
        bits = bits + 1
    centre = (torch.arange(out).double() + 0.5) * scale + start
    begin = ((centre - stretch) + 0.5).long().clamp_min(0).unsqueeze(1)
    end = ((centre + stretch) + 0.5).long().clamp_max(size).unsqueeze(1)
    pixel = torch.arange(size).unsqueeze(0)
    distance = ((pixel.double() - centre.unsqueeze(1)) + 0.5).abs()
    triangle = (1.0 - distance / stretch).clamp_min(0.0)
    triangle = triangle * (pixel >= begin).double() * (pixel < end).double()
    total = triangle.cumsum(1)[:, -1:]
    weights = (triangle * (torch.ones_like(total) * unit / total) + 0.5).floor()
    return weights.clamp_max(32767.0), unit

def resize(self, picture: Tensor, left: float, top: float, right: float, bottom: float,
           width: int, height: int) -> Tensor:
    across, across_unit = self.line_weights(picture.size(1), left, right, width)
    down, down_unit = self.line_weights(picture.size(0), top, bottom, height)
    colours : List[Tensor] = []
    for c in range(3):
        rows = torch.mm(picture[:, :, c].double(), across.t())
        rows = ((rows + across_unit / 2.0) / across_unit).floor().clamp(0.0, 255.0)
        both = torch.mm(down, rows)
        colours.append(((both + down_unit / 2.0) / down_unit).floor().clamp(0.0, 255.0).byte())
    return torch.stack(colours, 2)

def resize_whole(self, picture: Tensor, width: int, height: int) -> Tensor:
    return self.resize(picture, 0.0, 0.0, float(picture.size(1)), float(picture.size(0)), width,
                       height)

def shrunk(self, picture: Tensor) -> Tensor:
    width = picture.size(1)
    height = picture.size(0)
    shorter = min(width, height)
    if self.short_side > 0 and shorter > self.short_side:
        longer = self.short_side * max(width, height) // shorter
        if width <= height:
            picture = self.resize_whole(picture, self.short_side, longer)
        else:
            picture = self.resize_whole(picture, longer, self.short_side)
    width = picture.size(1)
    height = picture.size(0)
    shorter = min(width, height)
    if self.level_side > 0 and float(shorter) >= 1.25 * float(self.level_side):
        picture = self.resize_whole(picture, max(1, width * self.level_side // shorter),
                                    max(1, height * self.level_side // shorter))
    return picture

def margin_cut(self, side: int, shorter: int) -> Tuple[float, float]:
    resized = self.margin_size * side // shorter
    scale = float(side) / float(resized)
    spare = resized - self.image_size
    begin = spare // 2
    if spare % 2 == 1 and begin % 2 == 1:
        begin = begin + 1
    end = self.single(float(begin + self.image_size) * scale)
    return self.single(float(begin) * scale), min(end, float(side))

def sampled_places(self, side: int, scale: float, part: float) -> Tuple[Tensor, Tensor, Tensor]:
    from_centre = (torch.arange(self.image_size).double() + part) - float(self.image_size) / 2.0
    place = (from_centre * scale + float(side) / 2.0).float() - 0.5
    first = place.floor()
    before = torch.remainder(first.long(), 2 * side)
    after = torch.remainder(first.long() + 1, 2 * side)
    return (torch.minimum(before, (2 * side - 1) - before),
            torch.minimum(after, (2 * side - 1) - after), place - first)

def whole_look(self, picture: Tensor) -> Tensor:
    width = picture.size(1)
    height = picture.size(0)
    pixels = picture.float()
    scale = float(torch.sqrt(torch.tensor([width * height]).double())) / float(self.image_size)
    taps = max(1, int(float(torch.tensor([scale / 1.6]).ceil())))
    total = torch.zeros([self.image_size, self.image_size, 3]).float()
    for tap in range(taps * taps):
        left, right, x = self.sampled_places(width, scale,
                                             (float(tap % taps) + 0.5) / float(taps))
        above, below, y = self.sampled_places(height, scale,
                                              (float(tap // taps) + 0.5) / float(taps))
        x = x.view([1, -1, 1])
        upper_rows = torch.index_select(pixels, 0, above)
        lower_rows = torch.index_select(pixels, 0, below)
        upper = torch.index_select(upper_rows, 1, left)
        upper = upper + x * (torch.index_select(upper_rows, 1, right) - upper)
        lower = torch.index_select(lower_rows, 1, left)
        lower = lower + x * (torch.index_select(lower_rows, 1, right) - lower)
        total = total + (upper + y.view([-1, 1, 1]) * (lower - upper))
    return (total * self.single(1.0 / float(taps * taps)) + 0.5).byte()

def look(self, picture: Tensor, view: str) -> Tensor:
    width = picture.size(1)
    height = picture.size(0)
    size = self.image_size
    side = min(width, height)
    left = 0
    top = 0
    if view == "whole":
        return self.whole_look(picture)
    if view == "margin":
        first_x, last_x = self.margin_cut(width, side)
        first_y, last_y = self.margin_cut(height, side)
        return self.resize(picture, first_x, first_y, last_x, last_y, size, size)
    if view == "centre":
        left = (width - side) // 2
        top = (height - side) // 2
    if view == "last":
        left = width - side
        top = height - side
    return self.resize(picture, float(left), float(top), float(left + side), float(top + side),
                       size, size)

def looks(self, picture: Tensor) -> Tensor:
    assert picture.dim() == 3 and picture.size(2) == 3, "a picture is uint8 [height, width, 3]"
    assert picture.dtype == 0, "a picture is uint8 [height, width, 3]"
    picture = self.shrunk(picture.cpu())
    all : List[Tensor] = []
    for view in self.views:
        look = self.look(picture, view)
        all.append(look)
        if self.mirrored:
            all.append(look.flip([1]))
    return torch.stack(all)
)";

constexpr const char* kAnswers = R"(
def forward(self, pictures: Tensor) -> Tensor:
    return self.logits((pictures * 255.0) * self.scale + self.offset)

def predict(self, picture: Tensor) -> Tensor:
    looks = self.looks(picture).to(self.scale.device).permute([0, 3, 1, 2]).float().contiguous()
    probabilities = self.logits(looks * self.scale + self.offset).softmax(1).mean(0)
    if self.temperature != 1.0:
        probabilities = (probabilities.clamp_min(1e-30).log() / self.temperature).softmax(0)
    return probabilities
)";

// See TableInputs; what is finite alone gives 0 when it is taken from itself.
constexpr const char* kEncoding = R"(
def encoded(self, rows: Tensor) -> Tensor:
    assert rows.dim() == 2 and rows.size(1) == len(self.columns), "rows are [N, columns]"
    x = torch.index_select(rows.double(), 1, self.source)
    is_present = (x - x) == 0.0
    values = ((x - self.offset) / self.scale).clamp(-self.limit, self.limit)
    values = torch.where(is_present, values, torch.zeros_like(values)).float() * self.is_number
    return values + (x == self.code).float() + (is_present.logical_not()).float() * self.is_missing
)";

constexpr const char* kClassAnswers = R"(
def forward(self, rows: Tensor) -> Tensor:
    return self.logits(self.encoded(rows))

def predict(self, rows: Tensor) -> Tensor:
    return self.forward(rows).softmax(1)
)";

constexpr const char* kValueAnswers = R"(
def forward(self, rows: Tensor) -> Tensor:
    return self.logits(self.encoded(rows)).double() * self.target_deviation + self.target_mean

def predict(self, rows: Tensor) -> Tensor:
    return self.forward(rows).flatten()
)";

std::string square(int size) { return fmt::format("[{}, {}]", size, size); }

// One operation on values by their names.
std::string expression(const GraphNode& node, const std::vector<std::string>& inputs) {
  const std::string& x = inputs.front();
  const auto weight = [&](const char* name) {
    return "self." + attribute_name(node.key + "." + name);
  };
  switch (node.operation) {
    case Operation::convolution:
      return fmt::format("torch.conv2d({}, {}, {}, {}, {}, [1, 1], {})", x, weight("weight"),
                         node.has_bias ? weight("bias") : "None", square(node.stride),
                         square(node.padding), node.groups);
    case Operation::normalization:
      return fmt::format("torch.batch_norm({}, {}, {}, {}, {}, False, 0.1, {}, False)", x,
                         weight("weight"), weight("bias"), weight("running_mean"),
                         weight("running_var"), node.epsilon);
    case Operation::relu:
      return fmt::format("torch.relu({})", x);
    case Operation::hardswish:
      return fmt::format("torch.hardswish({})", x);
    case Operation::hardsigmoid:
      return fmt::format("torch.hardsigmoid({})", x);
    case Operation::max_pool:
      return fmt::format("torch.max_pool2d({}, {}, {}, {}, [1, 1], {})", x, square(node.kernel),
                         square(node.stride), square(node.padding),
                         node.rounds_up ? "True" : "False");
    case Operation::mean:
      return fmt::format("torch.mean({}, [2, 3], True)", x);
    case Operation::multiply:
      return fmt::format("{} * {}", x, inputs[1]);
    case Operation::add:
      return fmt::format("{} + {}", x, inputs[1]);
    case Operation::flatten:
      return fmt::format("torch.flatten({}, 1)", x);
    case Operation::linear:
      return fmt::format("torch.linear({}, {}, {})", x, weight("weight"), weight("bias"));
  }
  throw Error(ErrorKind::bug, "an operation that TorchScript is not told");
}

std::string network_source(const NetworkGraph& graph) {
  std::string source = "\ndef logits(self, seen: Tensor) -> Tensor:\n";
  const auto name_of = [](int value) {
    return value == kGraphInput ? std::string("seen") : fmt::format("x{}", value);
  };
  int number = 0;
  for (const GraphNode& node : graph.nodes) {
    std::vector<std::string> inputs;
    for (const int input : node.inputs) inputs.push_back(name_of(input));
    source += fmt::format("    {} = {}\n", name_of(number++), expression(node, inputs));
  }
  return source + fmt::format("    return {}\n", name_of(number - 1));
}

}  // namespace

std::string torchscript_source(const NetworkGraph& graph) {
  return kPreprocessing + network_source(graph) + kAnswers;
}

std::string table_torchscript_source(const NetworkGraph& graph, bool is_regression) {
  return kEncoding + network_source(graph) + (is_regression ? kValueAnswers : kClassAnswers);
}

std::string attribute_name(const std::string& key) {
  std::string name = key;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace mat
