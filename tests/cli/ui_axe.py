#!/usr/bin/env python3
"""ui_axe.py ADDRESS AXE_JS: every page of mat ui, in light and dark, as axe sees it.

Nothing serious or critical may be found. Exit status 77: there is no chromium.
"""

import json
import sys
import tempfile

from browser import Browser, program

SHAPES = "/versions/shapes%40V0002"
PAGES = [
    "/", "/jobs", "/jobs/shapes", "/versions", "/experiments", "/experiments/first-look",
    *[f"{SHAPES}?tab={tab}" for tab in ("summary", "curves", "evaluation", "pictures", "log",
                                        "files", "lineage")],
    "/compare?ref=shapes%40V0001&ref=shapes%40V0002", "/datasets", "/datasets/forms",
    "/datasets/forms%40V001", "/models", "/models/made", "/services", "/services/here",
    "/algorithms", "/algorithms/small_cnn", "/params", "/visualizations", "/pools", "/jobs/none",
]
# What opens a dialog on a page.
DIALOGS = [
    (SHAPES, "Modify…"), (SHAPES, "Delete…"), (SHAPES, "Create model…"),
    ("/jobs/shapes", "Delete…"), ("/models/made", "Export…"), ("/models/made", "Set alias…"),
    ("/services/here", "Update…"),
    ("/versions", "Columns…"), ("/datasets/forms", "Publish…"),
]
RUN = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
  .filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => ({
    id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => [n.html, n.failureSummary])})))"""


def settled(browser):
    browser.wait_for("document.readyState === 'complete' && "
                     "!!document.querySelector('main h1') && "
                     "!document.querySelector('main').hasAttribute('aria-busy')")


def check(browser, axe, what):
    browser.value(axe + ";1")
    return [f"{what}: {json.dumps(v)}" for v in browser.value(RUN)]


def main():
    address, axe_file = sys.argv[1:3]
    chromium = program()
    if not chromium:
        print("chromium is not installed", file=sys.stderr)
        return 77
    with open(axe_file, encoding="utf-8") as file:
        axe = file.read()
    found = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(chromium, folder, (1400, 900))
        try:
            browser.call("Page.navigate", url=address)
            settled(browser)
            origin = browser.value("location.origin")
            for scheme in ("light", "dark"):
                browser.colours(scheme)
                for page in PAGES:
                    browser.call("Page.navigate", url=origin + page)
                    settled(browser)
                    if "curves" in page or "compare" in page:
                        browser.wait_for("!!document.querySelector('.chart .line')")
                    found += check(browser, axe, f"{scheme} {page}")
                for page, button in DIALOGS:
                    browser.call("Page.navigate", url=origin + page)
                    settled(browser)
                    browser.value("[...document.querySelectorAll('main button')].find("
                                  f"(b) => b.textContent === {json.dumps(button)}).click()")
                    browser.wait_for("!!document.querySelector('dialog[open]')")
                    found += check(browser, axe, f"{scheme} {page} {button}")
        finally:
            browser.close()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
