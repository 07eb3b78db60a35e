#!/usr/bin/env python3
"""Many processes at once that create, list, stop and delete: no command fails for a lock, none stalls,
and the registry is whole at the end.

A command has stalled when it waits for more than STALL seconds: for a lock, the disk or another
process.
What it calculates and how long it stands in line for a core does not count: so many processes have
more to calculate than a few cores can do, and the line is as long as the machine is small.

usage: MAT_PROGRAM=build/bin/mat storm.py [SECONDS [PROCESSES [STALL]]]     (60, 50, 1)
"""

import json
import multiprocessing
import os
import random
import sqlite3
import sys
import time

from mat import Home

# Wrong states and missing versions are what others' deletions and ends look like.
EXPECTED = {0, 3, 4, 6}


def on_cores_or_in_line(pid):
    """Seconds that the main thread of a process, which may have ended, ran or could have run."""
    with open(f"/proc/{pid}/schedstat") as file:
        ran, in_line, _ = map(int, file.read().split())
    return (ran + in_line) / 1e9


def worker(home, number, until):
    """A process of its own: what commands wait for is not this program's interpreter."""
    chance = random.Random(number)
    job = f"job{number % 10}"
    spec = os.path.join(home.folder.name, "job.yaml")
    times, problems = {}, []
    while time.monotonic() < until:
        action = chance.choice(["create", "create", "list", "show", "stop", "delete", "diff"])
        command = {
            "create": ["job", "create", "-f", spec, "--name", job, "--detach", "--set",
                       f"hyperparameters.n={chance.randint(0, 9)}"],
            "list": ["version", "list", job, "--sort", "-created", "--filter", "n < 5"],
            "show": ["job", "show", job],
            "stop": ["version", "stop", job, "--no-wait"],
            "delete": ["version", "delete", f"{job}@{chance.randint(1, 40)}", "-y"],
            "diff": ["version", "diff", job, "--limit", "3"],
        }[action]
        began, own = time.monotonic(), on_cores_or_in_line("self")
        process = home.start(*command)
        err = process.stderr.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        took = time.monotonic() - began
        busy = on_cores_or_in_line(process.pid) + on_cores_or_in_line("self") - own
        times.setdefault(action, []).append((took, max(0.0, took - busy)))
        process.communicate()
        allowed = EXPECTED | ({2} if action == "diff" else set())
        if process.returncode not in allowed or "locked" in err:
            problems.append(f"{action}: exit {process.returncode}: {err.strip()}")
    with open(os.path.join(home.folder.name, f"worker{number}.json"), "w") as file:
        json.dump([times, problems], file)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    stall = float(sys.argv[3]) if len(sys.argv) > 3 else 1
    home = Home()
    home.write("job.yaml", "name: storm\nalgorithm: {command: [\"true\"]}\n"
                           "hyperparameters: {n: 1}\nresources: {flavor: cpu.1}\n")
    spec = os.path.join(home.folder.name, "job.yaml")
    home.run("job", "create", "-f", spec)
    until = time.monotonic() + seconds
    workers = [multiprocessing.Process(target=worker, args=(home, n, until))
               for n in range(processes)]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
    times, problems = {}, []
    for number in range(processes):
        with open(os.path.join(home.folder.name, f"worker{number}.json")) as file:
            of_worker, its_problems = json.load(file)
        problems += its_problems
        for action, some in of_worker.items():
            times.setdefault(action, []).extend(some)
    assert not problems, f"{len(problems)} problems, such as:\n" + "\n".join(problems[:5])

    # What is still waiting is stopped; then everything must fit together.
    active = [v["reference"] for v in home.json("version", "list", "--limit", "0", "--filter",
                                                "status = Pending or status = Running")["versions"]]
    for reference in active:
        home.run("version", "stop", reference, codes=(0, 4))
    home.wait_until_quiet(60)
    connection = sqlite3.connect(os.path.join(home.path, "mat.db"))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    counts = connection.execute("SELECT j.name, j.version_count, count(v.id) FROM jobs j "
                                "LEFT JOIN versions v ON v.job_id = j.id GROUP BY j.id").fetchall()
    assert all(kept == found for _, kept, found in counts), counts
    assert connection.execute("SELECT count(*) FROM queue").fetchone() == (0,)
    rows = {f"{job}/V{number:04d}" for job, number in connection.execute(
        "SELECT j.name, v.number FROM versions v JOIN jobs j ON j.id = v.job_id")}
    jobs = os.path.join(home.path, "jobs")
    folders = {f"{job}/{version}" for job in os.listdir(jobs)
               for version in os.listdir(os.path.join(jobs, job))}
    assert rows == folders, f"rows and folders differ: {sorted(rows ^ folders)[:5]}"
    stalls = []
    for action, pairs in sorted(times.items()):
        stalls += [f"{action}: {waited:.1f} s" for _, waited in pairs if waited > stall]
        took, waited = (sorted(values) for values in zip(*pairs))
        print(f"{action}: {len(took)} commands, median {took[len(took) // 2]:.3f} s, "
              f"99 of 100 within {took[len(took) * 99 // 100]:.3f} s, slowest {took[-1]:.3f} s; "
              f"longest wait {waited[-1]:.3f} s")
    assert not stalls, f"{len(stalls)} stalls, such as {stalls[:5]}"
    print(f"{sum(len(t) for t in times.values())} commands of {processes} processes in "
          f"{seconds:.0f} s, {len(rows)} versions at the end: whole")


if __name__ == "__main__":
    main()
