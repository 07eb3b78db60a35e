#!/usr/bin/env python3
"""ui_page.py ADDRESS MAT HOME FOLDER [SCREENSHOTS]: the pages of `mat ui` in a browser.

Goes through all views and does everything that can be done there, with the mouse and with the
keyboard alone, on the home that ui_page_test.cc makes. Exit status 77: there is no chromium.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request

from browser import Browser, program

SHAPES = "/versions/shapes%40V0002"


class Pages:
    """The pages, as somebody uses them."""

    def __init__(self, browser, address, screenshots):
        self.browser = browser
        self.screenshots = screenshots
        browser.call("Page.navigate", url=address)
        self.settle()
        self.origin = browser.value("location.origin")
        assert "token" not in browser.value("location.href"), "the token stays in the address"

    def settle(self):
        self.browser.wait_for("document.readyState === 'complete' && "
                              "!!document.querySelector('main h1') && "
                              "!document.querySelector('main').hasAttribute('aria-busy')")

    def go(self, path):
        self.browser.call("Page.navigate", url=self.origin + path)
        self.settle()

    def text(self, selector="main"):
        return self.browser.value(f"document.querySelector({json.dumps(selector)})?.innerText"
                                  " ?? ''")

    def see(self, words, selector="main"):
        self.browser.wait_for(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"
                              f".includes({json.dumps(words)})")

    def at(self, path):
        self.browser.wait_for(f"location.pathname + location.search === {json.dumps(path)}")
        self.settle()

    def where(self):
        return self.browser.value("location.pathname + location.search")

    @staticmethod
    def named(tag, words, inside="document"):
        return (f"[...{inside}.querySelectorAll({json.dumps(tag)})].find((e) => "
                f"e.textContent.trim() === {json.dumps(words)})")

    def press_button(self, words, inside="document"):
        self.browser.click(self.named("button", words, inside))

    def follow(self, words, inside="document.querySelector('main')"):
        self.browser.click(self.named("a", words, inside))

    def part(self, words):
        """Goes to a part of a version's page."""
        self.follow(words)
        self.browser.wait_for("document.querySelector('.tabs [aria-current]').textContent === "
                              f"{json.dumps(words)}")

    def press_summary(self, words):
        self.browser.click(self.named("summary", words))

    def fill(self, selector, words):
        self.browser.click(f"document.querySelector({json.dumps(selector)})")
        self.browser.value(f"document.querySelector({json.dumps(selector)}).select()")
        self.browser.write(words)

    def dialog(self, words):
        """Waits for a dialog that is called so."""
        self.see(words, "dialog h2")

    def command(self):
        """What does the same as the dialog, as it says."""
        self.see("mat ", "dialog .command code")
        return self.text("dialog .command code")

    def choose_in_dialog(self, words):
        self.press_button(words, "document.querySelector('dialog')")

    def gone(self, selector):
        self.browser.wait_for(f"!document.querySelector({json.dumps(selector)})")

    def picture(self, name, height=800, scheme="light", of=None):
        if not self.screenshots:
            return
        self.browser.value("document.getElementById('toasts').replaceChildren()")
        self.browser.colours(scheme)
        self.browser.resize(1200, height)
        if of:
            self.browser.value(f"document.querySelector({json.dumps(of)})"
                               ".scrollIntoView({block: 'center'})")
        self.browser.value("new Promise((done) => setTimeout(done, 400))")
        self.browser.screenshot(os.path.join(self.screenshots, f"{name}.png"))
        self.browser.resize(1400, 900)
        self.browser.colours("light")


def overview(pages):
    pages.see("Latest versions")
    pages.see("shapes@V0002")
    pages.see("● live", "#foot")
    assert "2\nversions" in pages.text(".counts"), pages.text(".counts")
    browser = pages.browser
    # The switch of colours stays chosen.
    before = browser.value("getComputedStyle(document.body).backgroundColor")
    pages.press_button(browser.value("document.querySelector('#foot button').textContent"))
    assert browser.value("getComputedStyle(document.body).backgroundColor") != before
    pages.go("/")
    assert browser.value("getComputedStyle(document.body).backgroundColor") != before
    browser.value("localStorage.removeItem('mat-theme')")


def keyboard_only(pages):
    browser = pages.browser
    pages.go("/")

    def focused():
        return browser.value("document.activeElement.textContent.trim()")

    def tab_to(words, most=40):
        for _ in range(most):
            browser.press("Tab")
            if focused() == words:
                return
        raise AssertionError(f"Tab does not reach {words!r}, but {focused()!r}")

    browser.press("Tab")
    assert focused() == "Skip to the content", focused()
    tab_to("Jobs")
    browser.press("Enter")
    pages.at("/jobs")
    assert browser.value("document.activeElement.tagName") == "H1", "the heading has the focus"
    browser.wait_for("document.querySelectorAll('.grid tbody a').length > 0")
    browser.press("/")
    assert browser.value("document.activeElement.getAttribute('aria-label') ?? "
                         "document.activeElement.labels[0].textContent") == "Filter jobs"
    for _ in range(20):
        browser.press("Tab")
        if browser.value("document.activeElement.getAttribute('role')") == "grid":
            break
    browser.press("Enter")
    pages.at("/jobs/shapes")
    browser.wait_for("document.querySelectorAll('.grid tbody a').length === 2")
    for _ in range(30):
        browser.press("Tab")
        if browser.value("document.activeElement.getAttribute('role')") == "grid":
            break
    browser.press(" ")
    browser.press("ArrowDown")
    browser.press(" ")
    pages.see("2 chosen", ".chosen")
    browser.press("Tab", modifiers=8)
    for _ in range(6):
        if focused() == "Compare":
            break
        browser.press("Tab", modifiers=8)
    browser.press("Enter")
    pages.at("/compare?ref=shapes%40V0002&ref=shapes%40V0001")
    # A curve by its arrow keys.
    browser.wait_for("!!document.querySelector('.chart .line')")
    browser.value("document.querySelector('.chart').focus()")
    browser.press("End")
    browser.wait_for("document.querySelector('#announce').textContent.startsWith('step ')")
    browser.value("history.back()")
    pages.at("/jobs/shapes")


def table_of_versions(pages):
    browser = pages.browser
    pages.go("/versions")
    browser.wait_for("document.querySelectorAll('.grid tbody a').length >= 2")
    assert browser.value("document.querySelector('.grid').getAttribute('aria-rowcount')") == "3"
    # Sort by what the header says.
    browser.click("document.querySelector('[data-sort=lr]')")
    browser.wait_for("document.querySelector('.grid tbody a').textContent === 'shapes@V0001'")
    browser.click("document.querySelector('[data-sort=lr]')")
    browser.wait_for("document.querySelector('.grid tbody a').textContent === 'shapes@V0002'")
    assert browser.value("document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == \
        "ascending"
    # A name is completed, an error stands at the box, and the rows stay.
    browser.value("document.querySelector('.filter').focus()")
    browser.write("optimi")
    pages.see("optimizer", ".choices")
    browser.press("ArrowDown")
    browser.press("Enter")
    assert browser.value("document.querySelector('.filter').value") == "optimizer "
    browser.write("= ")
    browser.wait_for("document.querySelector('.wrong').textContent.includes('a value is missing')")
    assert browser.value("document.querySelectorAll('.grid tbody a').length") == 2
    pages.see("2 rows, from before", ".tools")
    browser.write("adamw")
    browser.wait_for("document.querySelectorAll('.grid tbody a').length === 1")
    assert not pages.text(".wrong")
    assert "from before" not in pages.text(".tools")
    # Columns are chosen, and stand in the address.
    pages.press_button("Columns…")
    browser.click("document.querySelector('dialog input[data-field=\"optimizer\"]')")
    browser.press("Escape")
    pages.gone("dialog")
    browser.wait_for("[...document.querySelectorAll('.grid thead th')].some((th) => "
                     "th.textContent.trim() === 'optimizer')")
    pages.see("adamw", ".grid tbody")
    where = pages.where()
    assert "filter=optimizer" in where and "optimizer" in where.split("columns=")[1], where
    # All of that is in the address.
    pages.go(where)
    browser.wait_for("document.querySelectorAll('.grid tbody a').length === 1")
    pages.see("adamw", ".grid tbody")
    browser.value("localStorage.removeItem('mat-columns')")


def comparison(pages):
    browser = pages.browser
    pages.go("/compare?ref=shapes%40V0001&ref=shapes%40V0002")
    pages.see("Is the difference real?")
    pages.see("V0002")
    rows = browser.value("[...document.querySelectorAll('.diff tbody th')].map((e) => "
                         "e.textContent)")
    assert "optimizer" in rows and "epochs" not in rows, rows
    browser.click("document.querySelector('label.inline input')")
    browser.wait_for("[...document.querySelectorAll('.diff tbody th')].some((e) => "
                     "e.textContent === 'epochs')")
    browser.click("document.querySelector('label.inline input')")
    # Curves lie over each other: of the loss training and validation of both.
    browser.wait_for("document.querySelectorAll('.chart-card .line').length > 0")
    loss = "[...document.querySelectorAll('.chart-card')].find((e) => e.ariaLabel === 'loss')"
    assert browser.value(f"{loss}.querySelectorAll('.line').length") == 4
    browser.click("document.querySelector('.legend-item')")
    browser.wait_for(f"{loss}.querySelectorAll('.line').length === 2")
    browser.click("document.querySelector('.legend-item')")
    browser.value("document.querySelector('input[type=range]').focus()")
    browser.press("End")
    browser.wait_for(f"{loss}.querySelectorAll('.raw').length === 4")
    browser.press("Home")
    browser.wait_for(f"{loss}.querySelectorAll('.raw').length === 0")
    # Dragging over a chart zooms, and the range is asked for anew.
    x, y, width, _ = browser.place_of(f"{loss}.querySelector('.chart')")
    browser.drag((x - width / 5, y), (x + width / 5, y))
    browser.wait_for("location.search.includes('from=')")
    browser.wait_for("performance.getEntriesByType('resource').some((e) => "
                     "e.name.includes('/api/curves') && e.name.includes('from='))")
    pages.press_button("Whole range")
    browser.wait_for("!location.search.includes('from=')")
    # Brushing an axis keeps the lines that go through.
    x, y, _, height = browser.place_of("document.querySelector('.parallel .grip')")
    browser.drag((x, y - height / 2 + 2), (x, y))
    browser.wait_for("document.querySelectorAll('.parallel .faded').length === 1")
    assert "1 of 2 versions" in pages.text()
    # Texts stand on an axis of their own, and are chosen by their names.
    texts = browser.value("[...document.querySelectorAll('.parallel .axis')].find((g) => "
                          "g.querySelector('.axis-name').firstChild.data === 'optimizer')"
                          "?.textContent")
    assert "adamw" in texts and "sgd" in texts, texts
    pages.press_summary("Choose by values")
    grips = "document.querySelectorAll('.parallel .grip')[0]"
    x, y, _, height = browser.place_of(grips)
    browser.drag((x, y), (x, y))
    browser.wait_for("document.querySelectorAll('.parallel .faded').length === 0")
    browser.click("[...document.querySelectorAll('.ranges label')].find((l) => "
                  "l.textContent === 'adamw')")
    browser.wait_for("document.querySelectorAll('.parallel .faded').length === 1")
    assert "1 of 2 versions: shapes@V0001" in pages.text()
    # A third one is added, and left out again.
    pages.fill("main form input", "shapes@1")
    browser.press("Enter")
    browser.wait_for("location.search.endsWith('ref=shapes%401')")


def version_page(pages):
    browser = pages.browser
    pages.go(SHAPES)
    assert browser.value("document.title") == "shapes@V0002 · mat"
    pages.see("hyperparameters.optimizer")
    pages.see("--set")
    pages.see("Status history")
    pages.part("Curves")
    pages.at(SHAPES + "?tab=curves")
    browser.wait_for("document.querySelectorAll('.chart-card .line').length > 3")
    for x in ("epoch", "time"):
        browser.value(f"""(() => {{ const s = document.querySelector('.chart-tools select');
                      s.value = "{x}"; s.dispatchEvent(new Event("change")); }})()""")
        browser.wait_for(f"location.search.includes('x={x}')")
        browser.wait_for("performance.getEntriesByType('resource').some((e) => e.name.includes("
                         f"'/api/curves') && e.name.includes('x={x}') && e.responseStatus === 200)")
    browser.click("document.querySelector('.chart-tools input[type=checkbox]')")
    browser.wait_for("location.search.includes('log=1')")
    browser.value("document.querySelector('.values').open = true")
    browser.wait_for("document.querySelectorAll('.values table tbody tr').length === 2")
    pages.go(SHAPES + "?tab=curves&smooth=0.5")
    browser.wait_for("document.querySelectorAll('.chart-card .line').length > 3")
    pages.picture("curves", scheme="dark")

    pages.part("Evaluation")
    pages.see("Confusion matrix")
    pages.see("<i>triangle")
    pages.picture("evaluation", 900)
    # A cell of mistakes leads to its pictures.
    cell = "document.querySelector('.matrix .mistake a')"
    many = int(browser.value(f"{cell}.textContent"))
    browser.click(cell)
    browser.wait_for("location.search.includes('predicted=')")
    browser.wait_for(f"document.querySelectorAll('.gallery li').length === {many}")
    browser.wait_for("[...document.querySelectorAll('.gallery img')].every((i) => "
                     "i.complete && i.naturalWidth > 0)")
    # One of them whole, by mouse; Escape leads back to it.
    browser.click("document.querySelector('.gallery button')")
    browser.wait_for("document.querySelector('dialog .whole img')?.naturalWidth > 0")
    assert browser.value("document.querySelectorAll('dialog .scores li').length") == 4
    browser.press("Escape")
    pages.gone("dialog")
    assert browser.value("!!document.activeElement.closest('.gallery')"), "the focus is lost"
    pages.go(SHAPES + "?tab=pictures")
    browser.wait_for("document.querySelectorAll('.gallery li').length > 0")
    pages.picture("pictures", 640)

    pages.go("/versions/shapes%40V0001?tab=pictures&list=suspects")
    browser.wait_for("document.querySelector('.gallery img')?.naturalWidth > 0")
    assert " or star?" in pages.text(".gallery"), pages.text(".gallery")
    pages.go(SHAPES)

    pages.part("Log")
    pages.see("epoch 15/15", ".log")
    pages.fill("main input[type=search]", "epoch 3/")
    browser.wait_for("document.querySelectorAll('.log mark').length === 1")
    pages.part("Files")
    browser.wait_for("""fetch([...document.querySelectorAll("a[download]")].find((a) =>
        a.textContent === "spec.yaml").href).then((r) => r.text()).then((t) =>
        t.includes("adamw"))""")
    pages.part("Lineage")
    browser.wait_for("document.querySelectorAll('svg.lineage a').length > 1")
    pages.picture("lineage", 640)
    browser.click("[...document.querySelectorAll('svg.lineage a')].find((a) => "
                  "a.textContent.includes('shapes@V0001'))")
    browser.wait_for("location.pathname === '/versions/shapes%40V0001'")


def kept_evaluations(pages, mat, home, folder):
    browser = pages.browser
    subprocess.run([mat, "evaluate", "shapes@2", os.path.join(folder, "data"), "--part", "all"],
                   env={**os.environ, "MAT_HOME": home}, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    # What was asked within the last second is answered as it was then.
    browser.wait_for("fetch('/api/version?ref=shapes%40V0002').then((r) => r.text())"
                     ".then((text) => text.includes('E001'))")
    pages.go(SHAPES + "?tab=evaluation")
    pages.see("validation samples")
    pages.see("Evaluations of other data")
    pages.follow("E001")
    pages.at(SHAPES + "?tab=evaluation&evaluation=E001")
    pages.see("On 160 samples")
    pages.see("Calibration")
    pages.see("the mean distance of how sure answers are from how often they are right")
    assert browser.value("document.querySelectorAll('table.matrix').length") == 1
    pages.follow("Show its validation")
    pages.at(SHAPES + "?tab=evaluation")
    pages.see("validation samples")


def modify(pages):
    browser = pages.browser
    pages.go(SHAPES)
    pages.press_button("Modify…")
    pages.dialog("Modify shapes@V0002")
    field = browser.value("""[...document.querySelectorAll("dialog label")].find((l) =>
        l.firstChild.textContent === "lr").htmlFor""")
    pages.fill(f"#{field}", "fast")
    pages.see("was 0.003", "dialog .changed")
    pages.see("lr=fast", "dialog .command code")
    pages.choose_in_dialog("Train the next version")
    # What is wrong stands at the field, each at its own.
    pages.see("fast", f"#{field}-wrong")
    assert browser.value(f"document.activeElement.id === '{field}'")
    other = browser.value("""[...document.querySelectorAll("dialog label")].find((l) =>
        l.firstChild.textContent === "batch_size").htmlFor""")
    before = browser.value(f"document.getElementById('{other}').value")
    pages.fill(f"#{other}", "many")
    pages.choose_in_dialog("Train the next version")
    pages.see("many", f"#{other}-wrong")
    pages.see("fast", f"#{field}-wrong")
    assert "--set" not in pages.text(f"#{field}-wrong") + pages.text(f"#{other}-wrong")
    assert "many" not in pages.text(f"#{field}-wrong")
    assert browser.value("document.querySelectorAll('dialog .command').length") == 1
    pages.fill(f"#{other}", before)
    pages.fill(f"#{field}", "0.004")
    pages.picture("modify")
    browser.wait_for("document.querySelector('dialog .command code').textContent"
                     ".includes('lr=0.004')")
    pages.choose_in_dialog("Train the next version")
    pages.at("/versions/shapes%40V0003")
    # It runs and ends before one's eyes, without loading the page again.
    browser.value("window.stayed = true")
    pages.see("Completed")
    assert browser.value("window.stayed"), "the page was loaded again"
    pages.see("mat version modify", ".toast")


def models_and_services(pages, mat, home, folder):
    browser = pages.browser
    pages.go(SHAPES)
    pages.press_button("Save parameters…")
    pages.dialog("Save parameters")
    pages.choose_in_dialog("Save")
    pages.see("Name is missing", "dialog .problem")
    assert browser.value("document.activeElement.dataset.key") == "name"
    pages.fill("dialog input[data-key=name]", "good ones")
    pages.choose_in_dialog("Save")
    pages.see("name", "dialog .problem")
    pages.fill("dialog input[data-key=name]", "good")
    pages.choose_in_dialog("Save")
    pages.gone("dialog")

    pages.press_button("Create model…")
    pages.dialog("Create a model")
    pages.choose_in_dialog("Create")
    pages.see("Created shapes@1.0.0", "#toasts")
    pages.go("/models")
    pages.follow("shapes")
    pages.at("/models/shapes")
    pages.see("made from")
    pages.see("pixels of a picture shrunk to")
    pages.see("No service serves this version.")
    # An alias comes and goes.
    pages.press_button("Set alias…")
    pages.dialog("An alias of shapes@1.0.0")
    pages.fill("dialog input[data-key=alias]", "champion")
    pages.choose_in_dialog("Set")
    browser.wait_for("!!document.querySelector('[aria-label=\"Remove the alias champion\"]')")
    browser.click("document.querySelector('[aria-label=\"Remove the alias champion\"]')")
    pages.dialog("Remove the alias champion?")
    assert pages.command().endswith("mat model alias --remove shapes champion"), pages.command()
    pages.choose_in_dialog("Remove")
    browser.wait_for("!document.querySelector('[aria-label=\"Remove the alias champion\"]')")
    # What is exported lies in a file, and can be had from there.
    pages.press_button("Export…")
    pages.dialog("Export shapes@1.0.0")
    browser.value("""(() => { const s = document.querySelector('dialog select');
                  s.value = "safetensors"; s.dispatchEvent(new Event("change")); })()""")
    pages.fill("dialog input[data-key=output]", os.path.join(folder, "out.safetensors"))
    pages.choose_in_dialog("Export")
    pages.see("Wrote " + os.path.join(folder, "out.safetensors"), "#toasts")
    browser.wait_for("fetch([...document.querySelectorAll('#toasts a')].find((a) => "
                     "a.textContent === 'download').href).then((r) => r.ok)")
    browser.wait_for("fetch(document.querySelector('main a[download]').href).then((r) => r.ok)")
    pages.picture("model", 900)
    pages.press_button("Deploy…")
    pages.dialog("Deploy shapes")
    assert pages.command().startswith("mat service deploy"), pages.command()
    pages.fill("dialog input[data-key=name]", "here")
    pages.choose_in_dialog("Deploy")
    pages.at("/services/here")
    pages.see("Running")
    assert browser.value("""document.querySelector("main a[target=_blank]").href""") \
        .startswith("http://127.0.0.1:")
    # Its requests and its log come while one looks.
    pages.see("opens shapes@1.0.0", ".log")
    address = browser.value("document.querySelector('main a[target=_blank]').href")
    for _ in range(3):
        urllib.request.urlopen(address + "v2/health/ready", timeout=60).read()
    browser.wait_for("[...document.querySelectorAll('main tbody tr')].some((r) => "
                     "r.cells[0].textContent === '/v2/health/ready' && "
                     "Number(r.cells[2].textContent) >= 3)")
    pages.picture("service", 900)
    # A model that is served stays, with a word why.
    pages.follow("shapes@1.0.0")
    pages.at("/models/shapes%401.0.0")
    pages.follow("here")
    browser.value("history.back()")
    pages.at("/models/shapes%401.0.0")
    pages.press_button("Delete…", "document.querySelector('main h1').parentNode")
    pages.dialog("Delete shapes@1.0.0?")
    pages.choose_in_dialog("Delete")
    pages.see("here", "dialog .problem")
    browser.press("Escape")
    pages.gone("dialog")
    subprocess.run([mat, "model", "create", "shapes@1", "--name", "shapes"],
                   env={**os.environ, "MAT_HOME": home}, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    pages.go("/services/here")
    pages.press_button("Update…")
    pages.dialog("Update here")
    assert browser.value("document.querySelector('dialog datalist option').value") == \
        "shapes@1.0.1"
    pages.fill("dialog input[data-key=source]", "shapes@1.0.1")
    pages.choose_in_dialog("Update")
    pages.see("here serves shapes@1.0.1", "#toasts")
    pages.see("serves shapes@1.0.1", ".log")
    pages.press_button("Stop…")
    pages.dialog("Stop here")
    pages.choose_in_dialog("Stop")
    pages.see("Terminated")
    pages.press_button("Start…")
    pages.dialog("Start here")
    pages.choose_in_dialog("Start")
    pages.see("Running")
    pages.press_button("Stop…")
    pages.dialog("Stop here")
    pages.choose_in_dialog("Stop")
    pages.see("Terminated")
    pages.press_button("Delete…")
    pages.dialog("Delete the service here?")
    pages.choose_in_dialog("Delete")
    pages.at("/services")
    pages.see("No service yet")

    pages.go("/params/good")
    pages.see("adamw")
    pages.press_button("New job…")
    pages.dialog("A job from good")
    pages.fill("dialog input[data-key=name]", "again")
    pages.choose_in_dialog("Train")
    pages.at("/versions/again%40V0001")
    pages.see("Running")
    pages.press_button("Stop…")
    pages.dialog("Stop again@V0001")
    pages.choose_in_dialog("Stop")
    pages.see("Terminated")
    # TensorBoard may not be installed here; what would be done is shown in any case.
    pages.press_button("TensorBoard…")
    pages.dialog("Visualize in TensorBoard")
    assert "again@V0001" in pages.command()
    browser.press("Escape")
    pages.gone("dialog")


def live(pages, mat, home, folder):
    browser = pages.browser
    pages.go("/")
    pages.see("Nothing runs or waits.")
    subprocess.run([mat, "job", "create", "-f", os.path.join(folder, "noisy.yaml"), "--detach"],
                   env={**os.environ, "MAT_HOME": home}, cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    # It appears by itself.
    browser.wait_for("[...document.querySelectorAll('.running a')].some((a) => "
                     "a.textContent === 'noisy@V0001')")
    browser.wait_for("document.querySelector('.running .status')?.textContent.includes('Running')")
    pages.picture("overview", 700)
    pages.follow("log")
    browser.wait_for("location.search === '?tab=log'")
    pages.see("<img src=x onerror=hacked=1>", ".log")
    pages.see("red words", ".log")
    assert browser.value("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.value("typeof hacked") == "undefined"
    lines = browser.value("document.querySelectorAll('.log-lines div').length")
    browser.wait_for(f"document.querySelectorAll('.log-lines div').length > {lines + 5}")
    pages.part("Curves")
    browser.wait_for("!!document.querySelector('.chart .odd text')")
    assert browser.value("document.querySelector('.chart .odd text').textContent") == "NaN"
    ends = "document.querySelector('.chart .line').getAttribute('d')"
    known = browser.value(ends)
    browser.wait_for(f"{ends} !== {json.dumps(known)}")
    assert browser.value(f"{ends}.split('M').length") == 3, "the line goes over the NaN"
    browser.value("document.querySelector('.chart').focus()")
    browser.press("Home")
    browser.press("ArrowRight", 2)
    browser.wait_for("document.querySelector('#announce').textContent === 'step 3: loss NaN'")
    pages.see("NaN", ".readout")
    browser.press("ArrowRight")
    browser.wait_for("document.querySelector('#announce').textContent === 'step 4: loss 250'")
    assert not browser.value(pages.named("button", "Deploy…"))
    assert not browser.value(pages.named("button", "Create model…"))
    clock = ("[...document.querySelectorAll('.facts div')].find((d) => "
             "d.textContent.startsWith('training time')).textContent")
    known = browser.value(clock)
    browser.wait_for(f"{clock} !== {json.dumps(known)}")
    pages.press_button("Stop…")
    pages.dialog("Stop noisy@V0001")
    pages.choose_in_dialog("Stop")
    pages.see("Terminated")
    # What only one of two has is none for the other.
    pages.go("/compare?ref=shapes%40V0001&ref=noisy%40V0001")
    browser.wait_for("[...document.querySelectorAll('.parallel .none')].some((t) => "
                     "t.firstChild.data === 'none')")
    pages.go("/versions/noisy%40V0001")
    # A version goes after a question that names it; a job when its name is typed.
    pages.press_button("Delete…")
    pages.dialog("Delete noisy@V0001?")
    assert "noisy@V0001" in pages.command()
    browser.press("Escape")
    pages.gone("dialog")
    pages.press_button("Delete…")
    pages.dialog("Delete noisy@V0001?")
    pages.choose_in_dialog("Delete")
    pages.at("/jobs/noisy")
    # Links to it still lead somewhere, and what is compared with it goes on without it.
    pages.go("/versions/noisy%40V0001")
    pages.see("noisy@V0001 is deleted.")
    browser.wait_for("!!document.querySelector('svg.lineage .start.deleted')")
    pages.go("/compare?ref=shapes%40V0001&ref=noisy%40V0001&ref=shapes%40V0002")
    pages.see("noisy@V0001 is not there", "main .problem")
    pages.see("Is the difference real?")
    pages.go("/jobs/noisy")
    pages.press_button("Delete…")
    pages.dialog("Delete the job noisy?")
    assert browser.value("document.querySelector('dialog button[type=submit]').disabled")
    pages.fill("dialog form input", "noisy")
    pages.choose_in_dialog("Delete the job")
    pages.at("/jobs")
    browser.wait_for("![...document.querySelectorAll('.grid tbody a')].some((a) => "
                     "a.textContent === 'noisy')")


def datasets(pages):
    browser = pages.browser
    pages.go("/datasets")
    pages.follow("forms")
    pages.at("/datasets/forms")
    browser.wait_for("document.querySelectorAll('.gallery img').length >= 60")
    pages.picture("dataset", 640)
    browser.click("[...document.querySelectorAll('.classes button')].find((b) => "
                  "b.textContent.startsWith('circle'))")
    browser.wait_for("location.search === '?class=circle'")
    browser.wait_for("document.querySelectorAll('.gallery li').length === 40")
    browser.click("document.querySelector('.gallery button')")
    browser.wait_for("!!document.querySelector('dialog .relabel input')")
    pages.fill("dialog .relabel input", "star")
    pages.see("mat dataset label", "dialog .command code")
    pages.press_button("Relabel")
    pages.see("Saved.", "dialog")
    pages.see("Label: star", "dialog .about")
    browser.press("Escape")
    pages.gone("dialog")
    browser.wait_for("document.querySelectorAll('.gallery li').length === 39")
    pages.press_button("Check")
    pages.see("Looked at 160 pictures")
    pages.see("mat dataset check", "main .command code")
    pages.press_button("Publish…")
    pages.dialog("Publish forms")
    pages.choose_in_dialog("Publish")
    pages.at("/datasets/forms%40V002")
    pages.see("Lineage")


def other_pages(pages):
    browser = pages.browser
    pages.go("/experiments")
    pages.follow("first-look")
    pages.see("shapes")
    pages.go("/algorithms")
    pages.follow("small_cnn")
    pages.see("label_smoothing")
    pages.go("/pools")
    pages.see("cpu.1")
    pages.go("/visualizations")
    pages.see("Visualizations")
    # What is not there says so, with what is.
    pages.go("/jobs/shape")
    pages.see("there is no job 'shape'")
    pages.see("shapes")
    pages.go("/nowhere")
    pages.see("Not here")
    pages.go("/jobs/shapes")
    pages.see("<img src=x onerror=hacked=1> four kinds of shapes")
    assert browser.value("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.value("typeof hacked") == "undefined"


def many_versions(pages):
    browser = pages.browser
    pages.go("/versions?columns=status,accuracy,f1,loss,optimizer,lr,created")
    browser.wait_for("document.querySelectorAll('.grid tbody tr').length >= 4")
    for name in ("shapes@V0003", "shapes@V0002", "shapes@V0001"):
        browser.click(f"document.querySelector('[aria-label=\"Choose {name}\"]')")
    pages.see("3 chosen", ".chosen")
    pages.picture("versions", 640)
    pages.follow("Compare")
    browser.wait_for("document.querySelectorAll('.chart .line').length > 9")
    pages.picture("compare", 1000)
    pages.picture("parallel", 640, of=".parallel-holder")
    assert browser.value("document.querySelectorAll('.parallel .line').length") == 3


def several_seeds(pages, mat, home, folder):
    spec = os.path.join(folder, "twins.yaml")
    with open(os.path.join(folder, "shapes.yaml"), encoding="utf-8") as known:
        text = known.read().replace("name: shapes", "name: twins", 1)
    with open(spec, "w", encoding="utf-8") as file:
        file.write(text.replace("epochs: 15", "epochs: 2") + "seeds: 2\n")
    subprocess.run([mat, "job", "create", "-f", spec], env={**os.environ, "MAT_HOME": home},
                   cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pages.go("/versions/twins%40V0001")
    pages.see("Seeds")
    pages.see("±")
    assert pages.browser.value(
        "[...document.querySelectorAll('main table')].some((t) => "
        "t.caption?.textContent === 'Seeds' && t.tBodies[0].rows.length === 2)")
    pages.part("Curves")
    pages.browser.wait_for("document.querySelectorAll('.chart .line').length >= 6")
    assert pages.browser.value("document.querySelector('[aria-label$=_deviation]') === null")
    pages.go("/compare?ref=shapes%40V0001&ref=twins%40V0001")
    pages.see("Is the difference real?")


def many_classes(pages, mat, home):
    subprocess.run([mat, "version", "modify", "twins@1", "--set", "seeds=1"],
                   env={**os.environ, "MAT_HOME": home}, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    count = 300
    names = [f"class {i}" for i in range(count)]
    rows = [[0] * count for _ in range(count)]
    for i in range(count):
        rows[i][i] = 5
    rows[7][8] = 99
    document = {"accuracy": 0.9, "samples": 5 * count + 99,
                "classes": [{"name": name, "precision": 1, "recall": 1, "f1": 1, "support": 5}
                            for name in names],
                "confusion_matrix": {"labels": names, "rows": rows},
                "thresholds": [{"threshold": 0.9, "answered": 0, "accuracy": None,
                                "precision": None, "recall": None, "f1": None}]}
    folder = os.path.join(home, "jobs", "twins", "V0002")
    with open(os.path.join(folder, "evaluation.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)
    pages.go("/versions/twins%40V0002?tab=evaluation")
    pages.see("The classes that are confused most, of 300.")
    assert pages.browser.value(
        "[...document.querySelectorAll('main td')].some((c) => c.textContent === '99')")
    assert pages.browser.value("document.querySelector('table.matrix') === null")
    assert pages.browser.value(
        "[...document.querySelectorAll('main table')].find((t) => t.caption?.textContent === "
        "'Only answers that are sure').tBodies[0].innerText").split() == \
        ["0.9000", "0", "–", "–", "–"]


def other_kinds(pages, mat, home, folder):
    """Versions without pictures, with other classes, and without an algorithm."""
    def train(name, algorithm, data, hyperparameters):
        spec = os.path.join(folder, f"{name}.yaml")
        with open(spec, "w", encoding="utf-8") as file:
            json.dump({"name": name, "algorithm": algorithm, "inputs": {"data_url": data},
                       "hyperparameters": hyperparameters, "resources": {"flavor": "cpu.1"}}, file)
        subprocess.run([mat, "job", "create", "-f", spec], env={**os.environ, "MAT_HOME": home},
                       cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    browser = pages.browser
    with open(os.path.join(folder, "numbers.csv"), "w", encoding="utf-8") as file:
        file.write("a,b,y\n")
        file.writelines(f"{i},{i % 7},{i * 0.25 + i % 3}\n" for i in range(60))
    train("numbers", "tabular_mlp", "./numbers.csv", {"epochs": 2, "target": "y"})
    pages.go("/versions/numbers%40V0001?tab=evaluation")
    pages.see("Largest errors")
    assert "most wrong" not in pages.text(), "a link to pictures, which there are none of"
    assert "Pictures" not in pages.text(".tabs"), pages.text(".tabs")

    for part, folders, _ in os.walk(os.path.join(folder, "data")):
        for name in {"circle", "square"}.intersection(folders):
            inside = os.path.relpath(os.path.join(part, name), os.path.join(folder, "data"))
            shutil.copytree(os.path.join(part, name), os.path.join(folder, "two", inside))
    train("two", "small_cnn", "./two", {"epochs": 1, "image_size": 24, "precision": "fp32"})
    train("endless", {"command": ["sh", "-c", "echo step=1 loss=-inf"]}, "./two", {})
    pages.go("/compare?ref=shapes%40V0001&ref=two%40V0001&ref=endless%40V0001")
    pages.see("the most accurate")
    pages.see("Not comparable: different classes", ".verdicts")

    def row(name):
        return browser.value("[...document.querySelectorAll('.diff tbody tr')].find((r) => "
                             f"r.cells[0].textContent === {json.dumps(name)}).innerText")

    assert row("algorithm").split()[1:] == ["small_cnn", "small_cnn", "command"]
    assert row("loss").endswith("nan"), row("loss")
    pages.see("Not compared: endless@V0001", ".verdicts")
    # What is the same in all that have it has no axis, with so many that differ.
    names = browser.value("[...document.querySelectorAll('.parallel .axis-name')].map((t) => "
                          "t.firstChild.data)")
    assert {"algorithm", "batch_size", "accuracy"} < set(names), names
    assert "optimizer" not in names, names


def tensorboard(pages):
    browser = pages.browser
    pages.go(SHAPES)
    pages.press_button("TensorBoard…")
    pages.dialog("Visualize in TensorBoard")
    pages.choose_in_dialog("Start")
    pages.see("TensorBoard: http://127.0.0.1:", "body")
    pages.go("/visualizations")
    pages.see("Running")
    assert browser.value("[...document.querySelectorAll('main td a')].some((a) => "
                         "a.href.startsWith('http://127.0.0.1:'))")
    browser.click("document.querySelector('[aria-label^=\"Stop \"]')")
    pages.dialog("Stop ")
    pages.choose_in_dialog("Stop")
    pages.see("Terminated")
    browser.click("document.querySelector('[aria-label^=\"Delete \"]')")
    pages.dialog("Delete ")
    pages.choose_in_dialog("Delete")
    pages.see("TensorBoard on nothing now.")


def deletions(pages):
    for page, name, after, left in (
            ("/params/good", "good", "/params", "No configuration yet"),
            ("/models/shapes", "shapes", "/models", "No model yet"),
            ("/datasets/forms", "forms", "/datasets", "No dataset yet")):
        pages.go(page)
        pages.press_button("Delete…", "document.querySelector('main h1').parentNode")
        pages.dialog(f"Delete {name}?")
        pages.choose_in_dialog("Delete")
        pages.at(after)
        pages.see(left)


def narrow(pages):
    browser = pages.browser
    browser.resize(360, 740)
    for path in ("/", "/jobs", "/jobs/shapes", "/versions", SHAPES,
                 *[f"{SHAPES}?tab={tab}" for tab in ("curves", "evaluation", "pictures", "log",
                                                     "files", "lineage")],
                 "/compare?ref=shapes%40V0001&ref=shapes%40V0002", "/datasets/forms",
                 "/models/shapes", "/algorithms/small_cnn", "/params/good", "/pools"):
        pages.go(path)
        width = browser.value("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} pixels wide"
    pages.go("/")
    browser.click("document.getElementById('menu')")
    browser.click(pages.named("a", "Datasets"))
    pages.at("/datasets")
    browser.resize(1400, 900)


def main():
    address, mat, home, folder = sys.argv[1:5]
    screenshots = sys.argv[5] if len(sys.argv) > 5 else None
    if screenshots:
        os.makedirs(screenshots, exist_ok=True)
    chromium = program()
    if not chromium:
        print("chromium is not installed", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(chromium, profile, (1400, 900))
        try:
            browser.colours("light")
            pages = Pages(browser, address, screenshots)
            steps = [overview, keyboard_only, table_of_versions, comparison, version_page,
                     lambda p: kept_evaluations(p, mat, home, folder), modify,
                     lambda p: models_and_services(p, mat, home, folder),
                     lambda p: live(p, mat, home, folder), datasets, many_versions, other_pages,
                     narrow,
                     lambda p: several_seeds(p, mat, home, folder),
                     lambda p: many_classes(p, mat, home),
                     lambda p: other_kinds(p, mat, home, folder)]
            # That it is not there is told by the test of `mat viz`.
            if os.environ.get("MAT_TENSORBOARD"):
                steps.append(tensorboard)
            steps.append(deletions)
            for step in steps:
                step(pages)
            foreign = browser.foreign_requests(pages.origin)
            assert not foreign, f"the pages load {foreign}"
            errors = browser.errors()
            assert not errors, errors
        except Exception:
            where = browser.value("location.href + '\\n' + document.body.innerText.slice(0, 3000)")
            print(where, browser.unanswered()[-9:], *browser.errors()[-3:], sep="\n",
                  file=sys.stderr)
            browser.screenshot(os.path.join(folder, "failed.png"))
            raise
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
