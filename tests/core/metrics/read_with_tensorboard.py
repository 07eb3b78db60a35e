#!/usr/bin/env python3
"""What is in a folder's event files, as TensorBoard's own reader sees it, as JSON:

    {"scalars": {tag: [[step, wall time, value], …]}, "pages": {tag: name of the plugin},
     "pictures": {tag: [width, height]}, "texts": {tag: text}, "histograms": {tag: [[step, [[left,
     right, count], …]], …]}, "curves": {tag: rows of numbers}, "charts": [[title, [tag, …]], …],
     "settings": {name: value}, "ended": status, "graph": [[name, operation, [input, …]], …],
     "results": {tag: [[step, value], …]}, "columns": {"settings": {name: [type, [value, …],
     differs]}, "metrics": [[tag, name], …]}}

Exit status 77 when TensorBoard is not installed."""

import json
import struct
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.custom_scalar import layout_pb2
    from tensorboard.plugins.hparams import plugin_data_pb2
    from tensorboard.util import tensor_util
except ImportError as error:
    print(f"TensorBoard is not installed ({error}): pip install tensorboard", file=sys.stderr)
    sys.exit(77)


def png_size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n", png[:16]
    return list(struct.unpack(">II", png[16:24]))


def any_value(value):
    return getattr(value, value.WhichOneof("kind"))


def read_columns(columns):
    types = {1: "string", 2: "bool", 3: "float64"}
    settings = {}
    for info in columns.hparam_infos:
        if info.HasField("domain_interval"):
            values = [info.domain_interval.min_value, info.domain_interval.max_value]
        else:
            values = [any_value(value) for value in info.domain_discrete.values]
        settings[info.name] = [types[info.type], values, info.differs]
    return {"settings": settings,
            "metrics": [[info.name.tag, info.display_name] for info in columns.metric_infos]}


def read_page(page, events, tag, content, found):
    points = [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]
    if page == "images":
        width, height, png = points[-1][1].tolist()
        assert png_size(png) == [int(width), int(height)], (width, height)
        found["pictures"][tag] = png_size(png)
    elif page == "text":
        found["texts"][tag] = points[-1][1].tolist()[0].decode()
    elif page == "histograms":
        found["histograms"][tag] = [[step, array.tolist()] for step, array in points]
    elif page == "pr_curves":
        found["curves"][tag] = points[-1][1].tolist()
    elif page == "scalars":
        found["results"][tag] = [[step, array.item()] for step, array in points]
    elif page == "custom_scalars":
        layout = layout_pb2.Layout.FromString(points[0][1].item())
        found["charts"] = [[chart.title, list(chart.multiline.tag)]
                           for category in layout.category for chart in category.chart]
    elif page == "hparams":
        data = plugin_data_pb2.HParamsPluginData.FromString(content)
        if data.HasField("session_start_info"):
            start = data.session_start_info
            found["settings"] = {n: any_value(v) for n, v in start.hparams.items()}
        if data.HasField("experiment"):
            found["columns"] = read_columns(data.experiment)
        if data.HasField("session_end_info"):
            found["ended"] = data.session_end_info.status


# 0 is "keep every point".
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
found = {"scalars": {}, "pages": {}, "pictures": {}, "texts": {}, "histograms": {}, "curves": {},
         "charts": [], "settings": {}, "ended": None, "graph": [], "results": {}, "columns": {}}
for tag in events.Tags()["scalars"]:
    found["scalars"][tag] = [[p.step, p.wall_time, p.value] for p in events.Scalars(tag)]
for tag in events.Tags()["tensors"]:
    plugin = events.SummaryMetadata(tag).plugin_data
    found["pages"][tag] = plugin.plugin_name
    read_page(plugin.plugin_name, events, tag, plugin.content, found)
if events.Tags()["graph"]:
    found["graph"] = [[n.name, n.op, list(n.input)] for n in events.Graph().node]
json.dump(found, sys.stdout)
