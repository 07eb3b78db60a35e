#!/usr/bin/env python3
"""service_page.py ADDRESS PICTURE LABEL [SCREENSHOT_FOLDER]: the page of a service in a browser.

Chooses the picture on the page and waits for the bars; the first must be LABEL's. Looks at the page
in light and dark. Exit status 77: there is no chromium.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

LIMIT_S = 120


class Browser:
    """Chromium without a window, told what to do through a pipe."""

    def __init__(self, program, folder):
        to_read, self.write_to = os.pipe()
        self.read_from, to_write = os.pipe()

        def set_up():
            # Above 4 first: the ends may be 3 and 4 themselves.
            read_end, write_end = os.dup(to_read), os.dup(to_write)
            os.dup2(read_end, 3)
            os.dup2(write_end, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--disable-dev-shm-usage", f"--user-data-dir={folder}", "--window-size=900,760",
             "about:blank"],
            preexec_fn=set_up, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number = 0
        self.unread = b""
        self.events = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]

    def message(self):
        while b"\0" not in self.unread:
            piece = os.read(self.read_from, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.unread += piece
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            request["sessionId"] = self.session
        os.write(self.write_to, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, expression):
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            if value := self.value(expression):
                return value
            time.sleep(0.05)
        raise RuntimeError(f"never came true: {expression}")

    def close(self):
        self.process.kill()
        self.process.wait()


def look_at(browser, address, picture, label, screenshots):
    browser.call("Page.enable")
    browser.call("Runtime.enable")
    browser.call("Network.enable")
    browser.call("Log.enable")
    browser.call("Page.navigate", url=address + "/")
    browser.wait_for("document.readyState === 'complete'")
    browser.wait_for("document.getElementById('model').textContent.startsWith('version')")
    # By keyboard: the first thing that Tab reaches is where a picture is chosen.
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                     windowsVirtualKeyCode=9)
    focused = browser.value("document.activeElement.id")
    assert focused == "file", f"Tab reaches {focused!r}"
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", files=[picture], nodeId=node)
    bars = browser.wait_for("document.querySelectorAll('#bars li').length")
    first = browser.value("document.querySelector('#bars li span').textContent")
    assert first == label, f"the page says {first!r}, not {label!r}"
    width = browser.value("document.querySelector('#bars li i').getBoundingClientRect().width")
    assert bars >= 2 and width > 0, (bars, width)
    assert browser.value("document.getElementById('picture').naturalWidth") > 0

    # What is no picture has a message instead.
    with tempfile.NamedTemporaryFile(suffix=".jpg") as bad:
        bad.write(b"no picture")
        bad.flush()
        browser.call("DOM.setFileInputFiles", files=[bad.name], nodeId=node)
        message = browser.wait_for("document.querySelector('#state.bad')?.textContent")
    assert message, "no message for what is no picture"
    browser.call("DOM.setFileInputFiles", files=[picture], nodeId=node)
    browser.wait_for("document.querySelectorAll('#bars li').length")

    backs = set()
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        backs.add(browser.value("getComputedStyle(document.body).backgroundColor"))
        if screenshots:
            shot = browser.call("Page.captureScreenshot", format="png")["data"]
            with open(os.path.join(screenshots, f"service-{scheme}.png"), "wb") as file:
                file.write(base64.b64decode(shot))
    assert len(backs) == 2, f"light and dark look the same: {backs}"
    narrow = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    browser.call("Emulation.setDeviceMetricsOverride", **narrow)
    assert browser.value("document.documentElement.scrollWidth") <= 320, "too wide for a telephone"

    asked = [e["params"]["request"]["url"] for e in browser.events
             if e.get("method") == "Network.requestWillBeSent"]
    foreign = [url for url in asked if not url.startswith((address, "blob:", "data:"))]
    assert not foreign, f"the page loads {foreign}"
    errors = [e for e in browser.events if e.get("method") == "Runtime.exceptionThrown"
              or (e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"
                  and e["params"]["entry"]["source"] != "network")]
    assert not errors, errors


def main():
    address, picture, label = sys.argv[1:4]
    screenshots = sys.argv[4] if len(sys.argv) > 4 else None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        print("chromium is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            look_at(browser, address, picture, label, screenshots)
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
