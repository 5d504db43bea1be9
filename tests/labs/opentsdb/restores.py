"""Back to a chosen point, on the real OpenTSDB: full Exports at t0 and t1, a patch between them, t1 restored into empty tables
by `tsdb import` and by /api/put, and from t1 back to t0 by what has to change alone."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

import live
import model
from lab import LabError, Step

LIMIT_S = 120
UIDS = ("--uids", "export/t-uid")
RECIPE = pathlib.Path(__file__).parents[3] / "docs/recipes/differential"
# The Exports of a week of daily backups, each with the table of names: a day without a change, states that come back, once from
# tables that another way filled, whose UIDs are others.
WEEK = [("t0", "t-uid"), ("t1", "t-uid"), ("t1", "t-uid"), ("back", "put-uid"), ("put", "put-uid"), ("by-import", "by-import-uid"), ("t0", "t-uid")]
# Tables that a restore fills.
BY_IMPORT, BY_PUT = "by-import", "by-put"


class Restores:
    """Runs the commands in a folder, and keeps what they said: name -> (exit code, output, messages)."""

    def __init__(self, lab, program, folder):
        self.lab, self.program, self.folder, self.said = lab, program, folder, {}

    def run(self, name, *args):
        done = subprocess.run(self.command(*args), cwd=self.folder, env=bare(), capture_output=True, text=True, timeout=LIMIT_S)
        self.said[name] = done.returncode, done.stdout, done.stderr

    def command(self, *args):
        return [self.program, *args, "--report", "json"]

    def all(self):
        with Step("a patch from t0 to t1, and t1 of it"):
            self.run("patch", "diff", "export/t0", "export/t1", "--uids-base", "export/t-uid", "--uids-current", "export/t-uid", "--patch", "t.patch")
            self.run("t1", "apply", "export/t0", *UIDS, "t.patch", "-o", "t1.txt")
        with Step("t1 into empty tables by tsdb import"):
            self.by_import()
        with Step("t1 into empty tables by /api/put, interrupted once, and back to t0"):
            self.by_put()
        with Step("a week of daily differential backups of Exports, by the recipe, and back to each day"):
            self.week()
        return self.said

    def week(self):
        source = self.folder / "source"
        shutil.rmtree(self.folder / "week", ignore_errors=True)
        for number, tables in enumerate(WEEK, 1):
            shutil.rmtree(source, ignore_errors=True)
            for table, name in zip(tables, ("tsdb", "tsdb-uid")):
                shutil.copytree(self.folder / "export" / table, source / name)
            self.recipe(f"day {number} backed up", "backup.sh", "source", "week", DAY=f"2026-03-0{number}")
        for number, (table, uids) in enumerate(WEEK, 1):
            self.recipe(f"day {number} restored", "restore.sh", "week", f"2026-03-0{number}", "day.txt")
            self.run(f"day {number}", "diff", f"export/{table}", "day.txt", "--uids-base", f"export/{uids}")
        self.run("the folder of the week", "chain", *sorted(map(str, self.folder.glob("week/*/*"))))

    def recipe(self, name, script, *args, **variables):
        environment = {**bare(), "TSDBPROOF": str(self.program), **variables}
        done = subprocess.run([RECIPE / script, *args], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S)
        self.said[name] = done.returncode, done.stdout, done.stderr

    def by_import(self):
        self.run("import refused", "restore", "t1.txt", "-o", "import.txt")
        self.run("import accepted", "restore", "t1.txt", "-o", "import.txt", "--accept-float32")
        refused = self.lab.import_text(BY_IMPORT, self.folder / "import.txt")
        if refused:
            raise LabError(f"tsdb import refused {len(refused)} lines of import.txt: {refused[0]}")
        for table in (BY_IMPORT, f"{BY_IMPORT}-uid"):
            self.lab.export(table, self.folder / "export" / table)
        uids = f"export/{BY_IMPORT}-uid"
        self.run("imported", "diff", "import.txt", f"export/{BY_IMPORT}", "--uids-current", uids)
        self.run("import's loss", "diff", "t1.txt", f"export/{BY_IMPORT}", "--uids-current", uids)

    def by_put(self):
        self.lab.start_tsd(BY_PUT)
        server = f"http://127.0.0.1:{self.lab.tsd_port}"
        self.run("dry run", "restore", "t1.txt", "--into", server)
        self.said["dry run wrote"] = self.metrics(server)
        put = ("restore", "t1.txt", "--into", server, "--write", "--journal", "journal.json")
        self.interrupted(server, *put, "--rate", "1", "--concurrency", "1")
        self.run("put", *put)
        self.run("put again", *put)
        self.lab.stop_tsd()
        self.export(BY_PUT, "put")
        self.lab.start_tsd(BY_PUT)
        self.run("back", "apply", "t1.txt", "t.patch", "--reverse", "-o", "put.jsonl", "--deletes", "rows.jsonl")
        self.run("put back", "restore", "put.jsonl", "--deletes", "rows.jsonl", "--against", "second.txt", "--into", server, "--write")
        self.lab.stop_tsd()
        self.export(BY_PUT, "back", [""])

    def export(self, table, name, parts=("", "-uid")):
        for part in parts:
            self.lab.export(table + part, self.folder / f"export/{name}{part}")

    def interrupted(self, server, *args):
        """A restore that is stopped once the server has the first points."""
        job = subprocess.Popen(self.command(*args), cwd=self.folder, env=bare(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + LIMIT_S
        while not self.metrics(server) and job.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        job.send_signal(signal.SIGTERM)
        out, err = job.communicate(timeout=LIMIT_S)
        self.said["interrupted"] = job.returncode, out, err

    def metrics(self, server):
        with urllib.request.urlopen(f"{server}/api/suggest?type=metrics&max=10", timeout=LIMIT_S) as answer:
            return json.load(answer)


def bare():
    return {k: v for k, v in os.environ.items() if not k.startswith("TSDBPROOF")}


def check(checks, said, second, third):
    """What was said, against the truth of t0 (`second`) and t1 (`third`)."""
    wide = len(live.wide(list(model.parse((checks.texts_folder / "third.txt").read_text(encoding="utf-8")))))
    # A server answers for wide integers so that they may be floats.
    compared = 3 if wide else 0
    codes = {"patch": 1, "t1": 0, "import refused": 1, "import accepted": 0, "imported": 0, "import's loss": 1, "dry run": 0,
             "interrupted": 143, "put": compared, "put again": compared, "back": 0, "put back": compared, "the folder of the week": 0}
    recipes = {f"day {number} {done}": 0 for number in range(1, len(WEEK) + 1) for done in ("backed up", "restored")}
    codes |= recipes | {f"day {number}": 0 for number in range(1, len(WEEK) + 1)}
    for name, code in codes.items():
        checks.equal(f"restore, {name}: exit code", said[name][0], code)
        if said[name][0] != code:
            print("".join(f"      | {line[:400]}\n" for line in (said[name][1] + said[name][2]).splitlines()[-10:]), end="", flush=True)
    if any(said[name][0] != code for name, code in codes.items()):
        return
    told = {name: live.summary(said[name][1]) for name in codes if name != "interrupted" and name not in recipes}
    patch = told["patch"]["patches"][0]
    lost = sum((counts for counts in model.differences(second, third).values()), start=model.Counter())
    checks.equal("restore, patch: its counts", (patch["added"], patch["replaced"], patch["deleted"]), (lost["extra"], lost["changed"], lost["missing"]))
    checks.equal("restore, t1: its root", told["t1"]["sides"][1]["exact_root"], checks.roots("third.txt")[0])
    narrowed = sum(isinstance(v, float) and model.single(v) != v for values in third.values() for v in values)
    checks.equal("restore, import: the loss is foretold, and no trifle", (told["import accepted"]["restored"]["narrowed"], narrowed > 0), (narrowed, True))
    checks.equal("restore, import: it is the loss that was foretold", told["import's loss"]["compared"]["narrowed"], narrowed)
    checks.equal("restore, dry run: nothing was written", said["dry run wrote"], [])
    states = told["the folder of the week"]["chained"]["states"]
    checks.equal("restore, week: its states are proven, and one that came back is one", [it["is_restorable"] for it in states], [True] * 3)
    points = sum(len(values) for values in third.values())
    before = told["put"]["restored"]["points_before"]
    checks.equal("restore, put: it goes on where it was interrupted", (0 < before < points, told["put"]["restored"]["acknowledged"]["points"]), (True, points))
    checks.equal("restore, put again: nothing is left to put", told["put again"]["restored"]["points_before"], points)
    for name in ("put", "put again", "put back"):
        found = told[name]["compared"]
        checks.equal(f"restore, {name}: no difference to what was to be restored", (found["differences"], found.get("lossy_nodes", 0)), (0, wide))
    rows = told["put back"]["restored"]["acknowledged"]["rows_deleted"]
    checks.equal("restore, put back: rows were deleted as planned", (rows, rows > 0), (told["back"]["rewritten"]["rows_deleted"], True))
    for name, text in (("put", "third.txt"), ("back", "second.txt")):  # going back made no new name
        found = checks.roots(f"export/{name}", "--uids", "export/put-uid")
        checks.equal(f"restore, {name}: the Export of the tables has the root of the scan", found, checks.roots(text) or "two roots")
