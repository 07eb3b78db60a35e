"""What the soak tests share: a home of their own, small jobs, and the built mat."""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib

FINAL = ("Completed", "Failed", "Terminated", "Abnormal")


def program():
    path = os.environ.get("MAT_PROGRAM")
    if not path or not os.access(path, os.X_OK):
        sys.exit("MAT_PROGRAM must name the built mat")
    return path


class Home:
    """A home in a folder that is removed at the end."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mat-soak-")
        self.path = os.path.join(self.folder.name, "home")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder.name,
            "MAT_HOME": self.path,
            "LANG": "C.UTF-8",
            # Every process that a run leaves behind can be found by it.
            "MAT_SOAK_MARK": os.path.basename(self.folder.name),
        }

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [program(), *arguments],
            env=self.environment,
            cwd=self.folder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments, codes=(0,)):
        process = self.start(*arguments)
        out, err = process.communicate()
        if process.returncode not in codes:
            raise AssertionError(
                f"mat {' '.join(arguments)} ended with {process.returncode}: {err}"
            )
        return process.returncode, out, err

    def json(self, *arguments, codes=(0,)):
        return json.loads(self.run(*arguments, "--json", codes=codes)[1])

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def leftovers(self):
        """Processes that came from this home's runs."""
        mark = ("MAT_SOAK_MARK=" + self.environment["MAT_SOAK_MARK"]).encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    found.append((int(pid), file.read().replace(b"\0", b" ").decode()))
            except OSError:
                pass
        return [one for one in found if one[1]]

    def wait_until_quiet(self, seconds=20):
        """Keepers go by themselves; nothing else may be left."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            left = self.leftovers()
            if not left:
                return
            time.sleep(0.1)
        raise AssertionError(f"processes are left: {left}")


def draw_pictures(folder, per_class=12, size=24, seed=1):
    """A set that small_cnn learns in a second: one colour a class, with noise. PNG."""
    random.seed(seed)
    colours = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
    for name, colour in colours.items():
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for index in range(per_class):
            rows = b""
            for _ in range(size):
                rows += b"\0" + bytes(
                    min(255, max(0, c + random.randint(-60, 60))) for _ in range(size) for c in colour
                )

            def chunk(kind, data):
                body = kind + data
                return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

            with open(os.path.join(folder, name, f"{index}.png"), "wb") as file:
                file.write(
                    b"\x89PNG\r\n\x1a\n"
                    + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
                    + chunk(b"IDAT", zlib.compress(rows))
                    + chunk(b"IEND", b"")
                )


def small_spec(name, epochs=6, extra=""):
    # Precision and layout are named, so that no trial decides what the weights come out as.
    return f"""name: {name}
algorithm: small_cnn
inputs: {{data_url: ./pictures}}
hyperparameters: {{epochs: {epochs}, batch_size: 4, precision: fp32, layout: contiguous}}
resources: {{flavor: cpu.1}}
seed: 3
{extra}"""
