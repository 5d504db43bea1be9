"""Servers as they stand in the world: low limits, salt, appends, writes while they are read, kills, lost names, a real proxy.

`ask` runs tsdbproof against TSDs of its own tables while they live; `check` holds what it said against what was written.
"""
import http.client
import http.server
import json
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import data
import live
import model
import nginx
from lab import say

TABLES = ("salted", "appended", "busy", "names")
SETTINGS = {
    "salted": {"tsd.storage.salt.width": 1, "tsd.storage.salt.buckets": 4},
    "appended": {"tsd.storage.enable_appends": "true"},
}
# Far less than a day of the largest metric holds, and how the server says so.
LIMITS = {
    "bytes": ({"tsd.query.limits.bytes.default": 1000}, "more than our maximum amount of"),
    "points": ({"tsd.query.limits.data_points.default": 20}, "data points. Please try"),
}
# A limit is looked at before each further batch of rows of each bucket of a table, never before the first.
BATCHES = {"salted": {}, "appended": {"tsd.storage.hbase.scanner.maxNumRows": 1}}
SETTLE_S = 600
KEPT = "answers"


class Recorder:
    """Hands on to a server and counts how it answered, to be used in a `with`."""

    def __init__(self, server):
        self.server, self.statuses, self.queries, self.refusals = server.removeprefix("http://"), Counter(), [], []

    def __enter__(self):
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                upstream = http.client.HTTPConnection(recorder.server, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, {"Content-Type": "application/json"})
                    answer = upstream.getresponse()
                    status, text = answer.status, answer.read()
                except OSError:
                    status, text = 502, b"no server"
                recorder.statuses[status] += 1
                if status == 413:
                    recorder.refusals.append(text.decode(errors="replace"))
                if self.path == "/api/query":
                    recorder.queries.append(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = hand_on

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        return self

    def __exit__(self, *_):
        self.http.shutdown()


def whole_metrics(text):
    """The metrics that an answer can carry whole."""
    lines = list(model.parse(text))
    lost = {row[0] for row in live.conflicts(model.model(lines)) | live.wide(lines)}
    return [metric for metric in dict.fromkeys(line[0] for line in lines) if metric not in lost]


class Servers:
    """What is asked of each server, and what is known of it."""

    def __init__(self, lab, said):
        self.lab, self.said, self.url = lab, said, f"http://127.0.0.1:{lab.tsd_port}"
        self.refusals = {}

    def ask(self):
        """On the tables of the backup, and on some of its own."""
        self.hidden_duplicates()
        self.killed()
        for table in ("salted", "appended"):
            self.other_table(table)
            self.low_limits(table)
        self.behind_nginx("appended")
        self.written_while_read()
        self.names_outside_latin_1()

    def low_limits(self, table):
        """Source: OpenTSDB 2.4.1 `core/SaltScanner.java`."""
        for name, (settings, _) in LIMITS.items():
            self.lab.start_tsd(table, settings=SETTINGS[table] | settings | BATCHES[table])
            with Recorder(self.url) as recorder:
                self.said.run(f"limit of {name}, {table}", "diff", f"{table}.txt", recorder.url, *self.chosen(table), "--report", "json")
            self.refusals[name, table] = recorder.refusals
            self.lab.stop_tsd()

    def hidden_duplicates(self):
        self.lab.start_tsd("first", settings={"tsd.storage.fix_duplicates": "true"})
        self.said.run("duplicates hidden", "diff", "first.txt", self.url, "--metric", "sys.*", "--report", "json")
        self.said.run("duplicates hidden, where some are", "diff", "first.txt", self.url, "--metric", "dup.conflict", "--report", "json")
        self.lab.stop_tsd()

    def killed(self):
        """The server dies in the middle and comes back, then the command dies and is started again."""
        self.lab.start_tsd("first")
        arguments = "manifest", self.url, "-o", "killed.manifest", "--report", "json", "--rate", "60", "--resume", KEPT
        job = self.said.start(*arguments)
        time.sleep(1.5)
        self.lab.stop_tsd(signal.SIGKILL)
        time.sleep(1)
        self.lab.start_tsd("first")
        self.said.end("server killed", job)
        job = self.said.start(*arguments)
        time.sleep(2)
        job.kill()
        job.communicate()
        self.kept = (self.said.folder / KEPT).exists()
        self.said.run("command killed", *arguments)
        self.lab.stop_tsd()

    def other_table(self, table):
        """The main load, in rows of another shape."""
        written = self.load(table, data.main_load(), SETTINGS[table])
        self.lab.start_tsd(table, settings=SETTINGS[table])
        self.said.run(table, "diff", written, self.url, *self.chosen(table), "--report", "json")
        self.lab.stop_tsd()

    def chosen(self, table):
        """Filters for the metrics that an answer can carry whole."""
        text = (self.said.folder / f"{table}.txt").read_text(encoding="utf-8")
        return [word for metric in whole_metrics(text) for word in ("--metric", metric)]

    def behind_nginx(self, table):
        """A name and a password, gzip, a path of its own, and a limit of 30 requests a second."""
        program = nginx.find()
        self.has_nginx = program is not None
        if not self.has_nginx:
            return say("no nginx here, and none to be had from Debian: its checks are left out")
        self.lab.start_tsd(table, settings=SETTINGS[table])
        with nginx.Nginx(program, self.url, self.said.folder, f"lab:{live.SECRET}") as proxy:
            arguments = "diff", f"{table}.txt", proxy, *self.chosen(table), "--report", "json", "--ca-file", "ca.pem"
            job = self.said.start(*arguments, TSDBPROOF_AUTH=f"basic lab:{live.SECRET}")
            time.sleep(0.5)
            self.listed = Path(f"/proc/{job.pid}/cmdline").read_bytes().split(b"\0")
            self.said.end("nginx", job)
            self.said.run("nginx, nobody", *arguments)
        self.lab.stop_tsd()

    def load(self, table, batches, settings):
        self.lab.start_tsd(table, settings=settings)
        for batch in batches:
            (self.lab.put_telnet if batch.via == "telnet" else self.lab.put_http)(batch.points)
        self.lab.stop_tsd()
        name = f"{table}.txt"
        text = "".join(f"{point.text()}\n" for batch in batches for point in batch.points)
        (self.said.folder / name).write_text(text, encoding="utf-8")
        return name

    def written_while_read(self):
        """New points come every few milliseconds; older ones stay."""
        begin = int(time.time()) // 3600 * 3600 - 7200
        times = [begin + second for second in range(0, 7200, 10) if not 80 <= second % 3600 <= 95]
        times = [at for at in times if at < time.time() - 2 * SETTLE_S]
        old = [data.Put("busy.metric", (("host", host),), at, str(at % 97)) for host in ("a", "b") for at in times]
        self.load("busy", [data.Batch("http", old[i:i + 200]) for i in range(0, len(old), 200)], {})
        self.lab.start_tsd("busy")
        stop, self.written = threading.Event(), 0

        def write():
            while not stop.is_set():
                now = data.Put("busy.metric", (("host", "a"),), int(time.time() * 1000), "1")
                self.lab.put_telnet([now])
                self.written += 1

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(1)
        try:
            self.said.run("written while read", "diff", "busy.txt", self.url, "--settle", f"{SETTLE_S}s", "--report", "json")
            self.said.run("written while read, no quiet window", "diff", "busy.txt", self.url, "--report", "json")
        finally:
            stop.set()
            writer.join()
        self.lab.stop_tsd()

    def names_outside_latin_1(self):
        """OpenTSDB stores them as ?, so that two become one."""
        at = data.START
        puts = [data.Put("names.tags", (("host", host),), at + 60 * step, str(step)) for step, host in enumerate(("日本", "web01"))]
        puts.append(data.Put("метрика", (("host", "a"),), at, "7"))
        self.load("names", [data.Batch("http", puts)], {})
        self.lab.start_tsd("names")
        self.said.run("lost names", "diff", "names.txt", self.url, "--report", "json")
        self.said.run("lost names alone", "manifest", self.url, "-o", "names.manifest", "--report", "json")
        self.lab.stop_tsd()

    def check(self, equal, first):
        """`equal(what, found, expected)` counts; `first` are the points of the backup."""
        said = self.said.said
        limits = {f"limit of {name}, {table}": 0 for table in BATCHES for name in LIMITS}
        codes = limits | {"duplicates hidden": 3, "duplicates hidden, where some are": 1, "server killed": 3,
                 "command killed": 3, "salted": 0, "appended": 0, "written while read": 0, "written while read, no quiet window": 1,
                 "lost names": 3, "lost names alone": 3} | ({"nginx": 0, "nginx, nobody": 2} if self.has_nginx else {})
        for name, code in codes.items():
            equal(f"servers, {name}: exit code", said[name][0], code)
            if said[name][0] != code:
                print("".join(f"      | {line}\n" for line in said[name][2].splitlines()[:10]), end="", flush=True)
        if any(said[name][0] != code for name, code in codes.items()):
            return
        summary = {name: live.summary(said[name][1]) for name in codes if said[name][1]}
        for name in ("salted", "appended", *limits, *(["nginx"] if self.has_nginx else [])):
            base, current = summary[name]["sides"]
            equal(f"servers, {name}: the root is that of what was written", current["exact_root"], base["exact_root"])
        for (name, table), refusals in self.refusals.items():
            told = {text for text in refusals if LIMITS[name][1] in text}
            equal(f"servers, limit of {name}, {table}: it is this one that refused", (bool(told), set(refusals) - told), (True, set()))
        counts = {key: len(refusals) for key, refusals in self.refusals.items()}
        say(f"refusals by limit and table: {counts}")
        equal("servers, limits: a row of many points is one point and many bytes", counts["bytes", "appended"] > counts["points", "appended"], True)
        resolved = {key: values for key, values in first.items() if key[0] == "dup.conflict" and len(values) > 1}
        hidden = summary["duplicates hidden, where some are"]["compared"]
        equal("servers, duplicates hidden: of each conflict one value is left", (hidden["changed"], hidden["resolved"]), (len(resolved),) * 2)
        equal("servers, duplicates hidden: that costs coverage", "fix_duplicates" in str(summary["duplicates hidden"]["sides"][1]["unread"]), True)
        whole = live.summary(said["manifest"][1])["sides"][0]["exact_root"]
        for name in ("server killed", "command killed"):
            equal(f"servers, {name}: the root is that of a server that stays", summary[name]["sides"][0]["exact_root"], whole)
        notes = str(summary["command killed"]["notes"])
        equal("servers, command killed: answers of the run before were taken, and are gone now",
              (self.kept, "answers are of the run" in notes, (self.said.folder / KEPT).exists()), (True, True, False))
        current = summary["written while read"]["sides"][1]
        equal("servers, written while read: newer points came, and were counted", 0 < current["unsettled"] <= self.written, True)
        compared = summary["lost names"]["compared"]
        equal("servers, lost names: no difference, and three hours that nobody can tell", (compared["differences"], compared["unread_nodes"]), (0, 3))
        told = [part["name"] for part in summary["lost names alone"]["sides"][0]["unread"]]
        equal("servers, lost names alone: they are named", told, ["???????{host=a}", "names.tags{host=??}"])
        if self.has_nginx:
            equal("servers, nginx: the list of processes has the command, and no secret",
                  (b"diff" in self.listed, live.SECRET in str(self.listed)), (True, False))
            equal("servers, nginx: who is not known is told what to do", "--auth-file" in said["nginx, nobody"][2], True)
        equal("servers: no secret is told to others", [name for name, texts in said.items() if live.SECRET in str(texts)], [])
