#!/usr/bin/env python3
"""Many processes at once that create, list, stop and delete: no command fails for a lock, none stalls,
and the registry is whole at the end.

A command that takes more than a second has stalled. Only where a machine is so slow, or so busy with
other work, that a creation alone takes long, it is twice the share of the cores that so many processes
have, by what one takes alone.

usage: MAT_PROGRAM=build/bin/mat storm.py [SECONDS] [PROCESSES]
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
        began = time.monotonic()
        process = home.start(*command)
        _, err = process.communicate()
        took = time.monotonic() - began
        times.setdefault(action, []).append(took)
        allowed = EXPECTED | ({2} if action == "diff" else set())
        if process.returncode not in allowed or "locked" in err:
            problems.append(f"{action}: exit {process.returncode}: {err.strip()}")
    with open(os.path.join(home.folder.name, f"worker{number}.json"), "w") as file:
        json.dump([times, problems], file)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    home = Home()
    home.write("job.yaml", "name: storm\nalgorithm: {command: [\"true\"]}\n"
                           "hyperparameters: {n: 1}\nresources: {flavor: cpu.1}\n")
    spec = os.path.join(home.folder.name, "job.yaml")
    home.run("job", "create", "-f", spec)
    began = time.monotonic()
    for _ in range(10):
        home.run("job", "create", "-f", spec, "--detach")
    alone = (time.monotonic() - began) / 10
    limit = max(1.0, 2 * alone * processes / len(os.sched_getaffinity(0)))

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
    print(f"alone, a creation takes {alone * 1000:.0f} ms; a stall is above {limit:.1f} s")
    stalls = []
    for action, all_times in sorted(times.items()):
        all_times.sort()
        stalls += [f"{action}: {took:.1f} s" for took in all_times if took > limit]
        print(f"{action}: {len(all_times)} commands, median {all_times[len(all_times) // 2]:.3f} s, "
              f"99 of 100 within {all_times[len(all_times) * 99 // 100]:.3f} s, "
              f"slowest {all_times[-1]:.3f} s")
    assert not stalls, f"{len(stalls)} stalls, such as {stalls[:5]}"
    print(f"{sum(len(t) for t in times.values())} commands of {processes} processes in "
          f"{seconds:.0f} s, {len(rows)} versions at the end: whole")


if __name__ == "__main__":
    main()
