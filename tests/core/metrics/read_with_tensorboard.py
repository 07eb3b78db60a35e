#!/usr/bin/env python3
"""Prints the scalars of a folder's event files, as TensorBoard's own reader sees them, as JSON:
{tag: [[step, wall time, value], …]}. Exit status 77 when TensorBoard is not installed."""

import json
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as error:
    print(f"TensorBoard is not installed ({error}): pip install tensorboard", file=sys.stderr)
    sys.exit(77)

# 0 is "keep every point".
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
json.dump(
    {
        tag: [[point.step, point.wall_time, point.value] for point in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    },
    sys.stdout,
)
