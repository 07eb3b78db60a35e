#!/usr/bin/env python3
"""service_storm.py [SECONDS [CLIENTS]]: a service under good and bad requests at the same time.

Every good request must get its right answer, hardly ever 503; every bad one that waits for an
answer an HTTP error; the service must go on, and its memory must not grow: in the second half of
the time its median is at most LARGEST_GROWTH above that of the first half. What large requests need
for a moment comes and goes.
"""

import base64
import http.client
import json
import os
import random
import socket
import statistics
import struct
import sys
import threading
import time
import zlib

from mat import Home, draw_pictures, small_spec

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 30
CLIENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
LARGEST_GROWTH = 16 << 20
READINGS = 20
LARGEST_BUSY_SHARE = 0.02


def png_of(side, rows):
    """A PNG of a few kilobytes that says that it is SIDE × SIDE, with so many black rows of it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * ((1 + 3 * side) * rows)))
        + chunk(b"IEND", b"")
    )


class Storm:
    def __init__(self, address, pictures):
        self.host, port = address.removeprefix("http://").rsplit(":", 1)
        self.port = int(port)
        self.pictures = pictures  # (label, bytes)
        self.until = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.good = self.bad = self.busy = 0
        self.bomb = png_of(60_000, 5)  # more pixels than are allowed
        self.large = png_of(7_000, 7_000)  # as many as are allowed: 147 MB of pixels
        self.failures = []

    def is_over(self):
        return time.monotonic() > self.until or len(self.failures) > 5

    def fail(self, what):
        with self.lock:
            self.failures.append(what)

    def raw(self, data, finish=False, wait=30):
        """Sends bytes and gives all that comes back."""
        with socket.create_connection((self.host, self.port), timeout=wait) as connection:
            try:
                connection.sendall(data)
                if finish:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except OSError:
                pass
            return answer

    def ask_well(self, random_):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            for _ in range(random_.randint(1, 20)):
                label, data = random_.choice(self.pictures)
                kind = random_.randrange(3)
                body, headers = data, {"Content-Type": "image/png"}
                if kind == 1:
                    body = json.dumps({"image": base64.b64encode(data).decode()})
                    headers = {"Content-Type": "application/json"}
                elif kind == 2:
                    body = (
                        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + data + b"\r\n--b--\r\n"
                    )
                    headers = {"Content-Type": "multipart/form-data; boundary=b"}
                connection.request("POST", "/predict", body, headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
                if response.status == 503:
                    with self.lock:
                        self.busy += 1
                    time.sleep(0.05)
                    continue
                if response.status != 200 or answer["predicted_label"] != label:
                    self.fail(f"a good request got {response.status}: {answer}")
                with self.lock:
                    self.good += 1
        except (OSError, http.client.HTTPException) as error:
            self.fail(f"a good request got no answer: {error!r}")
        finally:
            connection.close()

    def ask_badly(self, random_):
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
        # What is sent, and whether it waits for an answer.
        attacks = [
            lambda: (self.raw(random_.randbytes(2000) + b"\r\n\r\n", finish=True), True),
            lambda: (self.get(b"/../../etc/passwd"), True),
            lambda: (self.get(b"/%2e%2e/%2e%2e/etc/passwd"), True),
            lambda: (self.raw(b"GET /" + b"a" * 100_000, finish=True), True),
            lambda: (self.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000, finish=True), True),
            lambda: (self.raw(head + b"Content-Length: 99999999999\r\n\r\n", finish=True), True),
            lambda: (self.raw(head + b"Content-Length: 500\r\n\r\nabc", finish=True), True),
            lambda: (self.raw(head + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", finish=True), True),
            lambda: (self.raw(head + b"Content-Length: 3\r\n\r\nabc" + b"junk " * 100 + b"\r\n\r\n", finish=True), True),
            lambda: (self.raw(self.as_picture(self.bomb)), True),
            lambda: (self.raw(self.as_json(b'{"image": ' + b"[" * 50_000)), True),
            lambda: (self.raw(self.as_json(b"{" + b'"a":1,' * 300_000 + b'"b":1}')), True),
            lambda: (self.slow(random_), False),
            lambda: (self.stall(head, random_), False),
            lambda: (self.vanish(head, random_), False),
        ]
        # Decoding one takes a core for a while: rarely.
        if random_.random() < 0.02:
            self.ask_for_large()
        answer, is_awaited = random_.choice(attacks)()
        if (answer or is_awaited) and not answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")):
            self.fail(f"a bad request got {answer[:80]}")
        with self.lock:
            self.bad += 1

    def get(self, target):
        return self.raw(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", finish=True)

    def ask_for_large(self):
        """A picture as large as is allowed is answered, or turned away."""
        answer = self.raw(self.as_picture(self.large), wait=60)
        if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")):
            self.fail(f"a large picture got {answer[:80]}")

    @staticmethod
    def as_picture(data):
        return (
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(data) + data
        )

    @staticmethod
    def as_json(body):
        return (
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    def slow(self, random_):
        with socket.create_connection((self.host, self.port), timeout=5) as connection:
            for byte in b"GET / HTTP/1.1\r\nHost":
                connection.sendall(bytes([byte]))
                time.sleep(random_.random() / 20)
        return b""

    def stall(self, head, random_):
        """Announces a large body, sends some of it and no more for a while."""
        with socket.create_connection((self.host, self.port), timeout=5) as connection:
            connection.sendall(head + b"Content-Length: 19000000\r\n\r\n" + b"x" * random_.randrange(100_000))
            time.sleep(random_.random() * 3)
        return b""

    def vanish(self, head, random_):
        """Asks and is gone, with a reset, before the answer comes."""
        data = random_.choice(self.pictures)[1]
        connection = socket.create_connection((self.host, self.port), timeout=5)
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return b""

    def run(self):
        def work(ask, seed):
            random_ = random.Random(seed)
            while not self.is_over():
                try:
                    ask(random_)
                except Exception as error:  # pylint: disable=broad-except
                    self.fail(f"{ask.__name__}: {error!r}")

        threads = []
        for index in range(CLIENTS):
            threads.append(threading.Thread(target=work, args=(self.ask_well, index)))
            threads.append(threading.Thread(target=work, args=(self.ask_badly, 1000 + index)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Watch(threading.Thread):
    """Reads the memory of a process every so many seconds."""

    def __init__(self, pid, every_s):
        super().__init__()
        self.pid, self.every_s, self.bytes = pid, every_s, []
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(self.every_s):
            self.bytes.append(resident_bytes(self.pid))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


def main():
    home = Home()
    draw_pictures(os.path.join(home.folder.name, "pictures"))
    home.run("job", "create", "-f", home.write("job.yaml", small_spec("m", epochs=8)))
    service = home.json("service", "deploy", "m", "--name", "s", "--detach", "--precision", "fp32")
    try:
        pictures = []
        for path, _, names in os.walk(os.path.join(home.folder.name, "pictures")):
            for name in names:
                file = os.path.join(path, name)
                said = home.json("predict", "m", file)["predictions"][0]["predicted"]
                with open(file, "rb") as opened:
                    pictures.append((said, opened.read()))
                if len(pictures) >= 12:
                    break
        pid = service["facts"]["pid"]
        warm = Storm(service["address"], pictures)
        warm.until = time.monotonic() + min(SECONDS, 10)
        warm.run()
        storm = Storm(service["address"], pictures)
        with Watch(pid, SECONDS / READINGS) as watch:
            storm.run()
        half = len(watch.bytes) // 2
        before, after = (statistics.median_low(b) for b in (watch.bytes[:half], watch.bytes[half:]))
        failures = warm.failures + storm.failures
        shown = home.json("service", "show", "s")
        if shown["status"] != "Running" or shown["facts"]["pid"] != pid:
            failures.append(f"the service is {shown['status']}: {shown['reason']}")
        for one in (warm, storm):
            if one.busy > max(3, LARGEST_BUSY_SHARE * (one.good + one.busy)):
                failures.append(f"{one.busy} of {one.good + one.busy} good requests were turned away")
        if after - before > LARGEST_GROWTH:
            failures.append(f"its memory grew from {before >> 20} to {after >> 20} MiB")
        print(
            f"{storm.good} good ({storm.busy} turned away) and {storm.bad} bad requests in {SECONDS:.0f} s; "
            f"memory in MiB: {' '.join(str(b >> 20) for b in watch.bytes)}"
        )
        for failure in failures:
            print("FAILED:", failure)
        return 1 if failures or storm.good == 0 else 0
    finally:
        home.run("service", "stop", "s", codes=(0, 4))


if __name__ == "__main__":
    sys.exit(main())
