"""What is taken away from a server: an archive of it across restarts of the command, and a migration to another one by the
recipe's own shell, to a sound one and to one that was damaged."""
import os
import signal
import subprocess
import time

import live
import model
from lab import ROOT
from restores import BY_PUT
from servers import SETTINGS

RECIPE = ROOT / "docs/recipes/migration/migration.sh"
# Slow enough to be killed in the middle, after the server's metrics are listed.
RATE = ("--rate", "100")
KILLS = 3
# By a fetch.
WRITTEN = "again.txt.gz", "again.manifest", "again.answers"


class Moves:
    """Runs while the tables of the other parts stand as they left them: BY_PUT holds t0, "second" holds t1."""

    def __init__(self, lab, said):
        self.lab, self.said, self.url = lab, said, f"http://127.0.0.1:{lab.tsd_port}"
        self.left = []

    def all(self, chosen):
        """`chosen` are filters for what an answer can carry of the salted and the appended table."""
        self.lab.start_tsd("first")
        self.fetched()
        self.lab.stop_tsd()
        # Both servers run at once: one is asked what it has, the other whether it has it too.
        other = self.beside(BY_PUT, "second")
        self.migrated("damaged", other, [])
        self.said.run("two servers", "diff", self.url, other, "--report", "json")
        self.stop(BY_PUT, "second")
        other = self.beside("salted", "appended")
        # The manifest says what it is of: the second step takes no filters.
        self.migrated("sound", other, chosen)
        self.stop("salted", "appended")

    def beside(self, table, other):
        self.lab.start_tsd(table, settings=SETTINGS.get(table))
        self.lab.start_tsd(other, settings=SETTINGS.get(other), port=self.lab.other_port)
        return f"http://127.0.0.1:{self.lab.other_port}"

    def stop(self, *tables):
        for table in tables:
            self.lab.stop_tsd(table=table)

    def fetched(self):
        """An archive with its manifest, undisturbed and killed in the middle again and again."""
        self.said.run("fetch, undisturbed", "convert", self.url, "-o", "fetched.txt.gz", "--manifest", "fetched.manifest", "--quiet")
        arguments = "convert", self.url, "-o", "again.txt.gz", "--manifest", "again.manifest", "--resume", "again.answers", "--report", "json"
        for _ in range(KILLS):
            job = self.said.start(*arguments, *RATE)
            time.sleep(2)
            job.kill()
            job.communicate()
            self.left.append((job.returncode, [name for name in WRITTEN if (self.said.folder / name).exists()]))
        self.said.run("fetch, killed", *arguments)

    def migrated(self, name, other, filters):
        """Both steps of the recipe; the first is killed once and started again."""
        folder = self.said.folder / f"migration-{name}"
        recipe = lambda stage, server, *flags: dict(
            args=[RECIPE, stage, server],
            env=clean() | {"TSDBPROOF": str(self.said.program), "FOLDER": str(folder), "FLAGS": "\n".join(flags)})
        killed = subprocess.Popen(**recipe("before", self.url, *filters, "--rate=100"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        time.sleep(2)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        self.left.append((killed.returncode, named(folder)))
        for step in (("before", self.url, *filters), ("after", other)):
            done = subprocess.run(**recipe(*step), capture_output=True, text=True, timeout=live.LIMIT_S)
            self.said.said[f"migration, {name}, {step[0]}"] = done.returncode, done.stdout, done.stderr

    def check(self, checks, read_report, by_series):
        """What was said, against the truth of t0 and t1."""
        equal, said, folder = checks.equal, self.said.said, self.said.folder
        t0 = (folder / "second.txt").read_text(encoding="utf-8")
        codes = {"fetch, undisturbed": 3, "fetch, killed": 3, "two servers": 1, "migration, sound, before": 0, "migration, sound, after": 0,
                 "migration, damaged, before": 3 if live.wide(list(model.parse(t0))) else 0, "migration, damaged, after": 1}
        for name, code in codes.items():
            equal(f"moves, {name}: exit code", said[name][0], code)
            if said[name][0] != code:
                print("".join(f"      | {line[:300]}\n" for line in (said[name][1] + said[name][2]).splitlines()[-10:]), end="", flush=True)
        if any(said[name][0] != code for name, code in codes.items()):
            return
        equal("moves: what is killed leaves its answers, and nothing that looks whole", self.left,
              [(-9, ["again.answers"])] * KILLS + [(-9, ["before.answers"])] * 2)
        for name in ("txt.gz", "manifest"):
            same = (folder / f"again.{name}").read_bytes() == (folder / f"fetched.{name}").read_bytes()
            equal(f"moves, fetch: {name} has the bytes of an undisturbed run", same, True)
        equal("moves, fetch: answers of the run before were taken", "answers are of the run" in str(live.summary(said["fetch, killed"][1])["notes"]), True)
        expected = model.differences(checks.second, checks.third)
        hours, series, _ = read_report(said["two servers"][1])
        equal("moves, two servers: the damage by series", series, by_series(expected))
        equal("moves, two servers: no other hours", hours, set(expected))
        hours, _, _ = read_report((folder / "migration-damaged/new.jsonl").read_text(encoding="utf-8"))
        equal("moves, migration, damaged: the manifest names the damaged hours, and no other", hours, set(expected))
        for name in ("sound", "damaged"):
            equal(f"moves, migration, {name}: its files", named(folder / f"migration-{name}"), ["new.html", "new.jsonl", "old.jsonl", "old.manifest"])


def named(folder):
    """Files that have their names; what has none yet is hidden."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def clean():
    return {k: v for k, v in os.environ.items() if not k.startswith("TSDBPROOF")}
