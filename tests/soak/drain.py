#!/usr/bin/env python3
"""Many pending versions: drained in the order of their submission, although the keepers of the queue
and a runner are killed on the way.

usage: MAT_PROGRAM=build/bin/mat drain.py [VERSIONS]
"""

import os
import signal
import sqlite3
import sys
import time

from mat import Home


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    home = Home()
    blocker = home.write("blocker.yaml", "name: blocker\nalgorithm: {command: [sleep, \"3600\"]}\n")
    spec = home.write("job.yaml", "name: d\nalgorithm: {command: [\"true\"]}\n")
    home.run("job", "create", "-f", blocker, "--detach")
    began = time.monotonic()
    for _ in range(count):
        home.run("job", "create", "-f", spec, "--detach")
    print(f"{count} submitted, {(time.monotonic() - began) / count * 1000:.1f} ms each", flush=True)
    assert len(home.json("version", "list", "d", "--filter", "status = Pending", "--limit",
                         "0")["versions"]) == count

    began = time.monotonic()
    home.run("version", "stop", "blocker", "--force")
    kills = 0
    while True:
        active = home.json("version", "list", "d", "--filter", "status = Pending or status = Running",
                           "--limit", "1")["total"]
        if active == 0:
            break
        # One process at a time, whichever of the queue's it is.
        keepers = [pid for pid, line in home.leftovers() if "keep-queue" in line]
        if keepers and kills < 20:
            os.kill(keepers[kills % len(keepers)], signal.SIGKILL)
            kills += 1
        time.sleep(0.5)
    took = time.monotonic() - began
    home.wait_until_quiet()
    connection = sqlite3.connect(os.path.join(home.path, "mat.db"))
    order = [number for (number,) in connection.execute(
        "SELECT v.number FROM versions v JOIN jobs j ON j.id = v.job_id JOIN status_changes s "
        "ON s.version_id = v.id WHERE j.name = 'd' AND s.status = 'Running' ORDER BY s.rowid")]
    assert order == sorted(order), "not in the order of submission"
    assert len(order) == count, f"{len(order)} of {count} ran"
    statuses = connection.execute("SELECT DISTINCT v.status FROM versions v JOIN jobs j ON "
                                  "j.id = v.job_id WHERE j.name = 'd'").fetchall()
    assert statuses == [("Completed",)], statuses
    print(f"{count} pending versions ran in order in {took:.1f} s, with {kills} keepers killed")


if __name__ == "__main__":
    main()
