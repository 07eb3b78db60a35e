#!/usr/bin/env python3
"""service_table_page.py ADDRESS TARGET ANSWER [TOKEN]: the form of a service for rows of tables in
a browser.

The table has the columns size, a number, and colour, a category. Gives the token where one is
wanted, fills the form for a large red thing and waits for the answer: ANSWER is a class, or about
what the number is. Exit status 77: there is no chromium.
"""

import sys

from service_page import in_browser, look_at_all_sides, open_page

STATE = "document.getElementById('state')"


def give_token(browser, token):
    browser.wait_for("document.activeElement.id === 'secret'")
    browser.write(token)
    browser.press("Enter")


def answer_of(browser, target):
    return browser.wait_for(f"{STATE}.textContent.startsWith('{target}: ') && {STATE}.textContent")


def look_at(browser, address, target, wanted, token):
    open_page(browser, address)
    if token:
        give_token(browser, token)
    browser.wait_for(
        f"document.getElementById('model').textContent.endsWith(' predicts {target}')")
    shown = browser.value("getComputedStyle(document.getElementById('token')).display")
    assert shown == "none", "the token is wanted still"
    labels = browser.value("[...document.querySelectorAll('#row label')].map(l => l.textContent)")
    assert labels == ["size", "colour"], labels
    known = browser.value("[...document.querySelectorAll('#column-1-list option')]"
                          ".map(o => o.value).sort()")
    assert known == ["blue", "red"], known

    # By keyboard alone.
    focused = browser.value("document.activeElement.id")
    assert focused == "column-0", f"{focused!r} has the focus"
    browser.write("95")
    browser.press("Tab")
    browser.write("red")
    browser.press("Enter")
    answer = answer_of(browser, target).removeprefix(f"{target}: ")
    bars = browser.value("document.querySelectorAll('#bars li').length")
    try:
        number = float(wanted)
    except ValueError:
        assert answer == wanted, answer
        first = browser.value("document.querySelector('#bars li span').textContent")
        assert bars == 2 and first == wanted, (bars, first)
    else:
        assert abs(float(answer) - number) < 0.2 * number, (answer, number)
        assert bars == 0, bars

    # What is not known is left empty.
    browser.value("document.getElementById('column-1').value = ''")
    browser.value(f"{STATE}.textContent = ''")
    browser.click("document.querySelector('#row button')")
    answer = answer_of(browser, target)
    assert answer.endswith(" (in training colour was never missing)"), answer
    assert browser.value(f"{STATE}.className") == ""
    browser.value("document.getElementById('column-0').value = ''")
    browser.click("document.querySelector('#row button')")
    browser.wait_for(f"{STATE}.textContent === 'Nothing is filled in'")

    look_at_all_sides(browser, address)


def main():
    address, target, wanted = sys.argv[1:4]
    token = sys.argv[4] if len(sys.argv) > 4 else None
    return in_browser(lambda browser: look_at(browser, address, target, wanted, token))


if __name__ == "__main__":
    sys.exit(main())
