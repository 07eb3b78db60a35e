#!/usr/bin/env python3
"""visualization_page.py ADDRESS RUN RESULTS [SCREENSHOTS]: TensorBoard's pages of a training.

Every page has what mat has written for it; RESULTS, {metric: value}, are what mat says of the run.
Exit status 77: there is no chromium.
"""

import base64
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from service_page import Browser

PAGES = ["timeseries", "scalars", "custom_scalars", "images", "graphs", "histograms", "pr_curves",
         "hparams", "text"]
# How long pages that draw by and by are waited for, when they are to be looked at.
DRAWING_S = 6


def fetch(address, path, **query):
    url = address + path + ("?" + urllib.parse.urlencode(query) if query else "")
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def fetch_json(address, path, **query):
    return json.loads(fetch(address, path, **query))


def wait_for(what, is_met):
    until = time.monotonic() + 60
    while not is_met():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.2)


def check_content(address, run):
    scalars = {}

    def has_all_scalars():
        scalars.update(fetch_json(address, "/data/plugin/scalars/tags").get(run, {}))
        return {"loss", "train_loss", "accuracy", "lr", "images_per_second"} <= set(scalars)

    def has(plugin):
        return run in fetch_json(address, f"/data/plugin/{plugin}/tags")

    wait_for("scalars", has_all_scalars)
    # It shows a file while it still reads it.
    for plugin in ("images", "histograms", "pr_curves", "text"):
        wait_for(plugin, lambda: has(plugin))
    layout = fetch_json(address, "/data/plugin/custom_scalars/layout")
    chart = layout["category"][0]["chart"][0]
    found = set()
    for pattern in chart["multiline"]["tag"]:
        data = fetch_json(address, "/data/plugin/custom_scalars/scalars", tag=pattern, run=run)
        assert data["regex_valid"], data
        found |= set(data["tag_to_events"])
    assert found == {"loss", "train_loss"}, found

    images = fetch_json(address, "/data/plugin/images/tags")[run]
    assert {"samples", "confusion_matrix"} <= set(images), images
    for tag in images:
        entry = fetch_json(address, "/data/plugin/images/images", run=run, tag=tag, sample=0)[0]
        png = fetch(address, "/data/plugin/images/individualImage?" + entry["query"])
        assert png.startswith(b"\x89PNG"), png[:8]
    graph = fetch(address, "/data/plugin/graphs/graph", run=run, conceptual="false").decode()
    assert "convolution" in graph and "pictures" in graph, graph[:300]
    histograms = fetch_json(address, "/data/plugin/histograms/tags")[run]
    assert any(tag.startswith("weights/") for tag in histograms), histograms
    assert any(tag.startswith("gradients/") for tag in histograms), histograms
    curves = fetch_json(address, "/data/plugin/pr_curves/tags")[run]
    assert len(curves) >= 2, curves
    for tag in curves:
        points = fetch_json(address, "/data/plugin/pr_curves/pr_curves", tag=tag, run=run)[run]
        assert len(points[0]["precision"]) > 1, points
    texts = fetch_json(address, "/data/plugin/text/text", tag="spec", run=run)
    assert "hyperparameters" in texts[0]["text"], texts


def check_table(address, run, results):
    """The table of hyperparameters has mat's results, and no other columns of metrics."""
    asked = {"allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"],
             "startIndex": 0, "sliceSize": 100}

    def values():
        found = fetch_json(address, "/data/plugin/hparams/session_groups",
                           request=json.dumps(asked))
        groups = {g["sessions"][0]["name"]: g for g in found["sessionGroups"]}
        return {v["name"]["tag"]: v.get("value", 0)
                for v in groups.get(run, {}).get("metricValues", [])}

    wait_for("results", lambda: len(values()) == len(results))
    for metric, value in results.items():
        shown = values()["result/" + metric]
        assert abs(shown - value) <= 1e-6 * abs(value), (metric, shown, value)
    table = fetch_json(address, "/data/plugin/hparams/experiment", request="{}")
    assert {"lr", "epochs", "algorithm"} <= {h["name"] for h in table["hparamInfos"]}, table
    names = [m["displayName"] for m in table["metricInfos"]]
    assert set(names) == set(results) and names.index("accuracy") < names.index("lr"), names


def look_at(browser, address, screenshots):
    browser.call("Page.enable")
    browser.call("Runtime.enable")
    size = {"width": 1400, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    for page in PAGES:
        # Another page first: what differs in its fragment alone would not be loaded.
        browser.call("Page.navigate", url="about:blank")
        browser.call("Page.navigate", url=f"{address}/#{page}")
        browser.wait_for("document.readyState === 'complete' && "
                         "document.querySelector('tb-webapp, app-header, tf-tensorboard') !== null")
        if screenshots:
            time.sleep(DRAWING_S)
            shot = browser.call("Page.captureScreenshot", format="png")["data"]
            with open(os.path.join(screenshots, f"tensorboard-{page}.png"), "wb") as file:
                file.write(base64.b64decode(shot))


def main():
    address, run, results = sys.argv[1:4]
    screenshots = sys.argv[4] if len(sys.argv) > 4 else None
    check_content(address, run)
    check_table(address, run, json.loads(results))
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        print("chromium is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            look_at(browser, address, screenshots)
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
