"""A live server as a source: what tsdbproof says of it while it runs, to be held against the truth when all is over."""
import json
import os
import subprocess

import model
from proxy import Proxy

LIMIT_S = 120
SECRET = "hunter2"
# Of a float as large as this an answer can't say whether it was an integer.
WIDE = 2**53


class Live:
    """Runs the command in a folder while a TSD answers, and keeps what it said: name -> (exit code, output, messages)."""

    def __init__(self, program, folder):
        self.program, self.folder, self.said = program, folder, {}

    def run(self, name, *args, **variables):
        if self.program is None:
            return
        env = {k: v for k, v in os.environ.items() if not k.startswith("TSDBPROOF")} | variables
        try:
            done = subprocess.run([self.program, *args], cwd=self.folder, env=env, capture_output=True, text=True, timeout=LIMIT_S)
            self.said[name] = done.returncode, done.stdout, done.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            self.said[name] = None, "", str(error)

    def of_backup(self, server, metrics):
        """What is asked of the server that was backed up."""
        whole = [word for metric in metrics for word in ("--metric", metric)]
        self.run("manifest of the backup", "manifest", "first.txt", "-o", "first.manifest", "--quiet")
        self.run("verify", "verify", "first.manifest", server, "--report", "json")
        self.run("same", "diff", "first.txt", server, *whole, "--report", "json")
        self.run("other way round", "diff", server, "first.txt", *whole, "--report", "json", "--concurrency", "1")
        self.run("manifest", "manifest", server, "-o", "live.manifest", "--report", "json")
        self.run("backup against it", "verify", "live.manifest", "first.txt", "--report", "json")
        self.run("archive", "convert", server, *whole, "-o", "live.txt.gz", "--quiet")
        self.run("archive read back", "diff", "first.txt", "live.txt.gz", *whole, "--quiet")

    def start(self, *args, **variables):
        """The command, left running."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("TSDBPROOF")} | variables
        return subprocess.Popen([self.program, *args], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, name, job):
        """Waits for the end of what was started, and keeps what it said."""
        try:
            out, err = job.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            job.kill()
            out, err = job.communicate()
        self.said[name] = job.returncode, out, err

    def through_a_proxy(self, server, metric):
        """The same server behind TLS and a password."""
        if self.program is None:
            return
        with Proxy(server, self.folder, f"lab:{SECRET}") as proxy:
            (self.folder / "who.txt").write_text(f"basic lab:{SECRET}\n")
            trust, who = ("--ca-file", "ca.pem"), ("--auth-file", "who.txt")
            self.run("proxy", "diff", "first.txt", proxy, "--metric", metric, *trust, *who, "--report", "json")
            self.run("proxy, by a variable", "diff", "first.txt", proxy, "--metric", metric, *trust, TSDBPROOF_AUTH=f"basic lab:{SECRET}")
            self.run("proxy, nobody", "diff", "first.txt", proxy, "--metric", metric, *trust)
            self.run("proxy, not trusted", "diff", "first.txt", proxy, "--metric", metric, *who)
        self.run("settings", "config", "show", TSDBPROOF_AUTH=f"basic lab:{SECRET}")

    def restarted(self, server, restart):
        """A server that goes away in the middle and comes back."""
        if self.program is None:
            return
        job = self.start("manifest", server, "-o", "restarted.manifest", "--report", "json", "--rate", "60")
        restart()
        goes_on = job.poll() is None
        self.end("restarted", job)
        if not goes_on:
            self.said["restarted"] = "it ended before the restart", *self.said["restarted"][1:]

    def of_restored(self, server):
        self.run("restored", "diff", "first.txt", server, "--report", "json")

    def of_damaged(self, server):
        self.run("manifest of the restored", "manifest", "second.txt", "-o", "second.manifest", "--quiet")
        self.run("damaged", "diff", "second.txt", server, "--report", "json")
        self.run("damaged hours", "verify", "second.manifest", server, "--report", "json")


def conflicts(points):
    """The rows that OpenTSDB refuses to answer for: (metric, tags, hour in ms)."""
    return {(metric, tags, time - time % model.HOUR_MS) for (metric, tags, time), values in points.items() if len(values) > 1}


def wide(lines):
    """The rows with a float that may have been an integer."""
    rows = set()
    for metric, tags, time, text in lines:
        value = model.number(text)
        if any(c in ".eE" for c in text) and isinstance(value, int) and WIDE <= abs(value) <= 2**63:
            rows.add((metric, tags, time - time % model.HOUR_MS))
    return rows


def summary(out):
    lines = [json.loads(line) for line in out.splitlines()]
    return lines[-1] if lines and lines[-1]["message_type"] == "summary" else {"sides": [], "compared": {}}


def unread(side):
    """Series that a side could not read."""
    return sorted({part["name"].split("}")[0] + "}" for part in side.get("unread", [])})
