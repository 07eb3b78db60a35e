#!/usr/bin/env python3
"""kill -9 at random moments of short runs, then resume: nothing lost, no wrong status, no process
left, and the same weights and curves, byte for byte, as a run that was never stopped.

usage: MAT_PROGRAM=build/bin/mat kill_runs.py [KILLS] [SEED]
"""

import hashlib
import os
import random
import signal
import sys
import time

from mat import FINAL, Home, draw_pictures, small_spec


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def results(home, reference):
    version = home.json("version", "show", reference)
    folder = version["folder"]
    files = ("output/last.safetensors", "output/best.safetensors", "evaluation.json",
             "predictions.jsonl")
    curves = {
        name: [metric[key] for key in ("count", "first", "last", "min", "max", "last_step")]
        for name, metric in version["metrics"].items()
        if not name.endswith("_per_second")
    }
    return {**{f: digest(os.path.join(folder, f)) for f in files}, "curves": curves}


def runner_pid(home, folder):
    import json

    try:
        with open(os.path.join(folder, "lock"), encoding="utf-8") as file:
            return json.loads(file.read())["pid"]
    except (OSError, ValueError, KeyError):
        return None


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    random.seed(seed)
    home = Home()
    draw_pictures(os.path.join(home.folder.name, "pictures"))
    spec = home.write("job.yaml", small_spec("k", epochs=8))

    began = time.monotonic()
    home.run("job", "create", "-f", spec)
    wanted = results(home, "k@V0001")
    length = time.monotonic() - began
    print(f"one run takes {length:.2f} s", flush=True)

    killed = resumed = completed = 0
    versions = 1
    while killed < kills:
        # Some in the foreground, some detached; resumed until they end by themselves.
        detached = random.random() < 0.5
        versions += 1
        reference = f"k@V{versions:04d}"
        folder = os.path.join(home.path, "jobs", "k", f"V{versions:04d}")
        command = ["job", "create", "-f", spec] + (["--detach"] if detached else [])
        for attempt in range(1000):
            process = home.start(*command)
            if detached:
                out, err = process.communicate()
                assert process.returncode == 0, err
            # Past the record of the version: before that there is nothing to resume.
            until = time.monotonic() + 30
            while not os.path.exists(os.path.join(folder, "lock")):
                assert time.monotonic() < until, "no lock appears"
                time.sleep(0.002)
            time.sleep(random.uniform(0, length * 1.1))
            pid = process.pid if not detached else runner_pid(home, folder)
            if pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not detached:
                process.communicate()
            if detached:
                # A pending version that has lost its starter is started by the keeper.
                home.run("version", "wait", reference, "--timeout", "60", codes=range(256))
            status = home.json("version", "show", reference)["status"]
            assert status in FINAL, f"{reference} is {status} after its runner was killed"
            if status == "Completed":
                completed += 1
                break
            assert status == "Abnormal", f"{reference} is {status}"
            killed += 1
            resumed += 1
            command = ["version", "resume", reference] + (["--detach"] if detached else [])
            if killed >= kills:
                home.run("version", "resume", reference)
                break
        found = results(home, reference)
        assert found == wanted, f"{reference} differs:\n{found}\n{wanted}"
    listed = home.json("version", "list", "k", "--limit", "0")["versions"]
    assert len(listed) == versions, "a version is missing"
    assert all(v["status"] == "Completed" for v in listed), "a version has a wrong status"
    home.wait_until_quiet()
    print(f"{killed} kills of {versions - 1} versions, {resumed} resumed: "
          "weights, results and curves are the same, no process is left")


if __name__ == "__main__":
    main()
