#!/usr/bin/env python3
"""kill -9 of everything around a run, one process at a random moment: those that submit, while they
record the version and copy its code; commands and the processes that watch over them; runners; keepers
of the queue. Nothing that was reported is lost, no status is wrong, no process is left.

usage: MAT_PROGRAM=build/bin/mat kill_around_runs.py [KILLS] [SEED]
"""

import os
import random
import signal
import sqlite3
import sys
import time

from mat import FINAL, Home

COMMAND = """name: c
algorithm: {command: ["sh", "train.sh"], code: ./src}
resources: {flavor: cpu.1}
"""
# A tree of processes, one of which goes away from its parent.
SCRIPT = "echo begun; sleep 30 & setsid sleep 30 & sleep 0.5; echo ended; kill $! 2>/dev/null; exit 0\n"


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def processes(home, wanted):
    """Of one kind: keeper, runner, guard or command."""
    found = []
    for pid, line in home.leftovers():
        if "keep-queue" in line:
            kind = "keeper"
        elif name_of(pid) == "mat-guard":
            kind = "guard"
        elif "run-version" in line:
            kind = "runner"
        elif " create " in line or " version " in line:
            kind = "client"
        else:
            kind = "command"
        if kind == wanted:
            found.append(pid)
    return found


def wait_for(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, f"{what} does not come"
        time.sleep(0.005)


def status_at_end(home, reference):
    home.run("version", "wait", reference, "--timeout", "60", codes=range(256))
    return home.json("version", "show", reference)["status"]


def nothing_runs_on(home):
    wait_for("the end of a run's processes", lambda: not any(
        processes(home, kind) for kind in ("runner", "guard", "command")), 30)


def kill_submitter(home, spec, chance, length):
    detached = chance.random() < 0.7
    process = home.start("job", "create", "-f", spec, *(["--detach"] if detached else []))
    time.sleep(chance.uniform(0, length))
    kill(process.pid)
    out, _ = process.communicate()
    if detached and out.strip():
        assert status_at_end(home, out.strip()) == "Completed", f"{out.strip()} was reported"
    for version in home.json("version", "list", "c", "--limit", "0", "--filter",
                             "status = Initializing or status = Pending or status = Running"
                             )["versions"]:
        status = status_at_end(home, version["reference"])
        assert status in ("Completed", "Abnormal"), f"{version['reference']} is {status}"


def kill_in_run(home, spec, chance, kind, wanted):
    reference = home.run("job", "create", "-f", spec, "--detach")[1].strip()
    time.sleep(chance.uniform(0, 0.4))
    victims = wait_for(f"a {kind}", lambda: processes(home, kind) or
                       home.json("version", "show", reference)["status"] in FINAL)
    was_killed = victims is not True and kill(chance.choice(victims))
    status = status_at_end(home, reference)
    assert status in (wanted if was_killed else ("Completed",)), \
        f"{reference} is {status} after its {kind} was killed"


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chance = random.Random(seed)
    home = Home()
    for number in range(300):
        home.write(f"src/part{number % 10}/{number}.py", f"# {number}\n" * 20)
    home.write("src/train.sh", SCRIPT)
    spec = home.write("job.yaml", COMMAND)
    began = time.monotonic()
    home.run("job", "create", "-f", spec, "--detach")
    length = (time.monotonic() - began) * 1.2
    counts = {}
    for _ in range(kills):
        kind = chance.choice(["submitter", "submitter", "command", "guard", "runner", "keeper"])
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "submitter":
            kill_submitter(home, spec, chance, length)
        else:
            # Of a command's tree a part may die without the command.
            wanted = {"command": ("Failed", "Completed"), "guard": ("Failed",),
                      "runner": ("Abnormal",), "keeper": ("Completed",)}[kind]
            kill_in_run(home, spec, chance, kind, wanted + ("Completed",))
        nothing_runs_on(home)

    # Takes over what a killed creation has left.
    home.run("job", "create", "-f", spec)
    home.wait_until_quiet()
    connection = sqlite3.connect(os.path.join(home.path, "mat.db"))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = {f"V{number:04d}": status for number, status in connection.execute(
        "SELECT v.number, v.status FROM versions v JOIN jobs j ON j.id = v.job_id")}
    folders = set(os.listdir(os.path.join(home.path, "jobs", "c")))
    assert set(rows) == folders, f"rows and folders differ: {sorted(set(rows) ^ folders)}"
    assert all(status in FINAL for status in rows.values()), rows
    for label, status in rows.items():
        if status == "Completed":
            with open(os.path.join(home.path, "jobs", "c", label, "log.txt"),
                      encoding="utf-8") as log:
                assert "ended" in log.read(), f"the log of {label} is not whole"
    print(f"{kills} kills ({', '.join(f'{n} of a {kind}' for kind, n in sorted(counts.items()))}): "
          f"{len(rows)} versions, none lost, none with a wrong status, no process is left")


if __name__ == "__main__":
    main()
