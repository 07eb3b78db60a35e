"""Chromium as a person would use it, for tests of pages."""

import base64
import json
import os
import shutil
import subprocess
import time

LIMIT_S = float(os.environ.get("LIMIT_S", 120))

# (code, what it types) of keys that are no letters
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37,
        "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
TYPED = {"Enter": "\r", " ": " "}


def program():
    """Where Chromium is; None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """Chromium without a window, told what to do through a pipe."""

    def __init__(self, program, folder, size=(900, 760)):
        to_read, self.write_to = os.pipe()
        self.read_from, to_write = os.pipe()

        def set_up():
            # Above 4 first: the ends may be 3 and 4 themselves.
            read_end, write_end = os.dup(to_read), os.dup(to_write)
            os.dup2(read_end, 3)
            os.dup2(write_end, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--disable-dev-shm-usage", f"--user-data-dir={folder}",
             f"--window-size={size[0]},{size[1]}", "about:blank"],
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
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

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

    def press(self, key, times=1, modifiers=0):
        for _ in range(times):
            code = KEYS.get(key, ord(key[0].upper()))
            text = TYPED.get(key, key if len(key) == 1 else "")
            common = {"key": key, "code": key, "windowsVirtualKeyCode": code,
                      "modifiers": modifiers}
            self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text):
        self.call("Input.insertText", text=text)

    def mouse(self, kind, x, y, clicks=0):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=clicks,
                  button="left" if clicks else "none", buttons=1 if clicks else 0)

    def drag(self, start, end):
        self.mouse("mousePressed", *start, clicks=1)
        for part in (0.3, 0.6, 1):
            self.mouse("mouseMoved", *(a + (b - a) * part for a, b in zip(start, end)), clicks=1)
        self.mouse("mouseReleased", *end, clicks=1)

    def place_of(self, expression):
        """The middle, and the size, of the element that the expression is, once it stands still."""
        return self.wait_for(f"""(async () => {{
            const element = {expression};
            if (!element) return null;
            element.scrollIntoView({{block: "center"}});
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const box = element.getBoundingClientRect();
            if (!box.width || !box.height) return null;
            return [box.x + box.width / 2, box.y + box.height / 2, box.width, box.height];
        }})()""")

    def click(self, expression):
        """With the mouse, in the middle of the element that the expression is."""
        x, y, _, _ = self.place_of(expression)
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, clicks=1)
        self.mouse("mouseReleased", x, y, clicks=1)

    def colours(self, scheme):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot))

    def foreign_requests(self, address):
        """What has been asked of anyone but `address`."""
        asked = [e["params"]["request"]["url"] for e in self.events
                 if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith((address, "blob:", "data:", "about:"))]

    def errors(self):
        """Exceptions, and what the console calls errors, but for answers that are errors."""
        return [e for e in self.events if e.get("method") == "Runtime.exceptionThrown"
                or (e.get("method") == "Runtime.consoleAPICalled"
                    and e["params"]["type"] in ("error", "assert"))
                or (e.get("method") == "Log.entryAdded"
                    and e["params"]["entry"]["level"] == "error"
                    and e["params"]["entry"]["source"] != "network")]

    def close(self):
        self.process.kill()
        self.process.wait()
