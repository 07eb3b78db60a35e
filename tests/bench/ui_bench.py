#!/usr/bin/env python3
"""What `mat ui` costs: open pages beside a training, and a table of many versions.

    ui_bench.py --mat build/bin/mat [--pages 20] [--seconds 30]
    ui_bench.py --mat build/bin/mat --home HOME     the versions in a home that registry_bench made

Each page asks what a page of a running version asks: it holds a stream of events and, when one
comes, but at most every two seconds, gets the version and its curves. Prints the processor time
that mat ui and all it starts take, as a part of the machine.
"""

import argparse
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

BETWEEN_FETCHES_S = 2
METRICS = ["loss", "train_loss", "accuracy", "lr"]


class Ui:
    def __init__(self, mat, home):
        self.process = subprocess.Popen([mat, "--home", home, "ui", "--port", "0"], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        address = self.process.stdout.readline().strip()
        found = re.match(r"http://([\d.]+):(\d+)/\?token=(.*)", address)
        if not found:
            sys.exit("mat ui did not start")
        self.host, self.port, token = found[1], int(found[2]), found[3]
        self.headers = {"Cookie": f"mat-{self.port}={token}"}

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def get(self, connection, target):
        begin = time.perf_counter()
        connection.request("GET", target, headers=self.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{target}: {answer.status} {body[:200]}")
        return (time.perf_counter() - begin) * 1000, body

    def processor_s(self):
        """Its own, and that of the processes that it has waited for."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks = sum(int(fields[i]) for i in (11, 12, 13, 14))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Page(threading.Thread):
    def __init__(self, ui, reference, end_s):
        super().__init__()
        self.ui, self.end_s = ui, end_s
        name = urllib.parse.quote(reference)
        metrics = "".join(f"&metric={metric}" for metric in METRICS)
        self.targets = [f"/api/version?ref={name}", f"/api/curves?ref={name}{metrics}"]
        self.times_ms, self.events = [], 0

    def run(self):
        stream, other = self.ui.connect(), self.ui.connect()
        stream.request("GET", "/api/events", headers=self.ui.headers)
        answer = stream.getresponse()
        fetched_s = 0
        while time.monotonic() < self.end_s:
            if not answer.readline().startswith(b"event: live"):
                continue
            self.events += 1
            if time.monotonic() - fetched_s < BETWEEN_FETCHES_S:
                continue
            fetched_s = time.monotonic()
            for target in self.targets:
                self.times_ms.append(self.ui.get(other, target)[0])


def start_training(mat, home, folder):
    """A command that costs nothing itself and tells a point twenty times a second."""
    script = os.path.join(folder, "train.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("import itertools, time\n"
                   "for i in itertools.count():\n"
                   "    for name in ('loss', 'train_loss', 'accuracy', 'lr'):\n"
                   "        print(f'{name}: {1 / (i + 1)}', flush=True)\n"
                   "    time.sleep(0.05)\n")
    spec = os.path.join(folder, "job.yaml")
    with open(spec, "w", encoding="utf-8") as file:
        file.write(f"name: running\nalgorithm: {{command: [{sys.executable}, {script}]}}\n")
    subprocess.run([mat, "--home", home, "job", "create", "-f", spec, "--detach"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure_pages(arguments):
    with tempfile.TemporaryDirectory() as folder:
        home = os.path.join(folder, "home")
        start_training(arguments.mat, home, folder)
        ui = Ui(arguments.mat, home)
        try:
            begin_s, spent_s = time.monotonic(), ui.processor_s()
            pages = [Page(ui, "running@V0001", begin_s + arguments.seconds)
                     for _ in range(arguments.pages)]
            for page in pages:
                page.start()
            for page in pages:
                page.join()
            seconds = time.monotonic() - begin_s
            spent_s = ui.processor_s() - spent_s
        finally:
            subprocess.run([arguments.mat, "--home", home, "version", "stop", "running"],
                           check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ui.stop()
    times = [ms for page in pages for ms in page.times_ms]
    cores = os.cpu_count()
    part = 100 * spent_s / seconds / cores
    print(f"{arguments.pages} pages, {seconds:.0f} s, {sum(p.events for p in pages)} events, "
          f"{len(times)} answers, median {statistics.median(times):.1f} ms, "
          f"99 of 100 within {sorted(times)[int(len(times) * 0.99)]:.1f} ms")
    print(f"processor: {part:.2f} % of {cores} cores (limit 1)")
    return part <= 1


def measure_table(arguments):
    ui = Ui(arguments.mat, arguments.home)
    try:
        connection = ui.connect()
        total = json.loads(ui.get(connection, "/api/versions?limit=1")[1])["total"]
        print(f"{total} versions")
        for name, query in [("newest first", ""), ("by accuracy", "&sort=-accuracy"),
                            ("filtered", "&filter=accuracy+%3E+0.5&sort=-accuracy")]:
            times = []
            for _ in range(40):
                offset = random.randrange(max(1, total // 2 if "filter" in query else total))
                target = f"/api/versions?limit=100&offset={offset}{query}"
                times.append(ui.get(connection, target)[0])
            times.sort()
            print(f"{name:14} 100 rows anywhere: median {statistics.median(times):6.1f} ms, "
                  f"worst {times[-1]:6.1f} ms")
        print(f"memory of mat ui: {ui.memory_mb():.0f} MB")
    finally:
        ui.stop()
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mat", required=True)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--home")
    arguments = parser.parse_args()
    return 0 if (measure_table if arguments.home else measure_pages)(arguments) else 1


if __name__ == "__main__":
    sys.exit(main())
