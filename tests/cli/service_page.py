#!/usr/bin/env python3
"""service_page.py ADDRESS PICTURE LABEL [SCREENSHOT_FOLDER]: the page of a service in a browser.

Chooses the picture on the page and waits for the bars; the first must be LABEL's. Looks at the page
in light and dark. Exit status 77: there is no chromium.
"""

import os
import sys
import tempfile

from browser import Browser, program


def open_page(browser, address):
    browser.call("Page.navigate", url=address + "/")
    browser.wait_for("document.readyState === 'complete'")


def look_at_all_sides(browser, address, screenshots=None):
    """In light and dark, on a telephone, and that it needed nobody else."""
    backs = set()
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        backs.add(browser.value("getComputedStyle(document.body).backgroundColor"))
        if screenshots:
            browser.screenshot(os.path.join(screenshots, f"service-{scheme}.png"))
    assert len(backs) == 2, f"light and dark look the same: {backs}"
    browser.resize(320, 640)
    assert browser.value("document.documentElement.scrollWidth") <= 320, "too wide for a telephone"

    foreign = browser.foreign_requests(address)
    assert not foreign, f"the page loads {foreign}"
    errors = browser.errors()
    assert not errors, errors


def in_browser(look):
    """The exit status of a script that does `look` with a browser."""
    chromium = program()
    if not chromium:
        print("chromium is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(chromium, folder)
        try:
            look(browser)
        finally:
            browser.close()
    return 0


def look_at(browser, address, picture, label, screenshots):
    open_page(browser, address)
    browser.wait_for("document.getElementById('model').textContent.startsWith('version')")
    # By keyboard: the first thing that Tab reaches is where a picture is chosen.
    browser.press("Tab")
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

    look_at_all_sides(browser, address, screenshots)


def main():
    address, picture, label = sys.argv[1:4]
    screenshots = sys.argv[4] if len(sys.argv) > 4 else None
    return in_browser(lambda browser: look_at(browser, address, picture, label, screenshots))


if __name__ == "__main__":
    sys.exit(main())
