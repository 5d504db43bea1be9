"""A real HBase (standalone) and OpenTSDB for one test run: fetched, started, used, stopped.

Jars stand in the cache, everything else in the state folder; both lie under target/. The servers listen on
127.0.0.1 alone, on ports that were free, and die with this process whatever ends it.
"""
import ctypes
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
STATE = TARGET / "lab" / "opentsdb"
CACHE = Path(os.environ.get("TSDBPROOF_LAB_CACHE") or TARGET / "lab" / "cache").resolve()

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
FETCH_LIMIT_S = 600
HBASE_LIMIT_S = 90
TSD_LIMIT_S = 60
TOOL_LIMIT_S = 60
JOB_LIMIT_S = 120

# Short runs on few cores: the quick compiler and the simple collector start fastest.
JAVA_OPTIONS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true", "-Dfile.encoding=UTF-8"]
# What HBase and Hadoop reach into since Java 16 forbids it by default.
for package in ("java.lang", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util", "java.util.concurrent",
                "java.util.concurrent.atomic", "sun.nio.ch", "sun.security.action", "jdk.internal.ref"):
    JAVA_OPTIONS += ["--add-opens", f"java.base/{package}=ALL-UNNAMED"]
JAVA_OPTIONS += ["--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"]


class Skip(Exception):
    """This machine cannot run the lab; the text says what it lacks."""


class LabError(Exception):
    """The real systems did not do what the lab needs."""


def say(text):
    print(f"lab: {text}", flush=True)


class Step:
    """Prints what is done and how long it took."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.begin = time.monotonic()

    def __exit__(self, kind, *_):
        say(f"{self.what}: {'failed after ' if kind else ''}{time.monotonic() - self.begin:.1f} s")


class Lab:
    """The servers of one run, to be used in a `with`."""

    def __enter__(self):
        if any(c in str(STATE) + str(CACHE) for c in " #:"):
            raise Skip(f"HBase and class paths cannot stand a blank, '#' or ':' in {STATE} or {CACHE}; set CARGO_TARGET_DIR")
        self.servers = {}
        self.java = find_java()
        STATE.mkdir(parents=True, exist_ok=True)
        self.lock = open(STATE / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LabError(f"another run uses {STATE}") from None
        for name in ("hbase", "logs", "tmp", "conf"):
            shutil.rmtree(STATE / name, ignore_errors=True)
        for name in ("logs", "tmp", "conf/hbase", "conf/tsd"):
            (STATE / name).mkdir(parents=True)
        self.class_path = {name: fetch(name) for name in ("hbase", "opentsdb")}
        self.zk_port, self.master_port, self.region_port, self.tsd_port, self.other_port = free_ports(5)
        self.write_conf()
        return self

    def __exit__(self, *_):
        for process in self.servers.values():  # the data is thrown away: no need for a clean end
            process.kill()
        for process in self.servers.values():
            process.wait()
        self.lock.close()

    def write_conf(self):
        properties = {
            "hbase.cluster.distributed": "false",
            "hbase.rootdir": f"file://{STATE}/hbase/root",
            "hbase.tmp.dir": f"{STATE}/tmp",
            "hadoop.tmp.dir": f"{STATE}/tmp/hadoop",
            "hbase.unsafe.stream.capability.enforce": "false",
            "hbase.wal.provider": "filesystem",
            "hbase.zookeeper.quorum": "127.0.0.1",
            "hbase.zookeeper.property.clientPort": self.zk_port,
            "hbase.zookeeper.property.dataDir": f"{STATE}/hbase/zookeeper",
            "hbase.localcluster.assign.random.ports": "false",
            "hbase.master.hostname": "localhost",
            "hbase.master.ipc.address": "127.0.0.1",
            "hbase.master.port": self.master_port,
            "hbase.master.info.port": "-1",
            "hbase.master.wait.on.regionservers.maxtostart": 1,  # else it waits 4.5 s for more
            "hbase.client.pause": 10,  # ms; else a client that found no master sleeps for up to 10 s
            "hbase.client.retries.number": 200,
            "hbase.unsafe.regionserver.hostname": "localhost",
            "hbase.regionserver.ipc.address": "127.0.0.1",
            "hbase.regionserver.port": self.region_port,
            "hbase.regionserver.info.port": "-1",
            "hbase.regionserver.handler.count": "8",
            "mapreduce.framework.name": "local",
            "mapreduce.cluster.local.dir": f"{STATE}/tmp/jobs",
            "mapreduce.jobtracker.staging.root.dir": f"{STATE}/tmp/staging",
        }
        rows = [f"<property><name>{k}</name><value>{v}</value></property>\n" for k, v in properties.items()]
        conf = STATE / "conf"
        (conf / "hbase/hbase-site.xml").write_text(f"<configuration>\n{''.join(rows)}</configuration>\n")
        (conf / "hbase/log4j.properties").write_text(
            "log4j.rootLogger=WARN,E\nlog4j.appender.E=org.apache.log4j.ConsoleAppender\n"
            "log4j.appender.E.target=System.err\nlog4j.appender.E.layout=org.apache.log4j.PatternLayout\n"
            "log4j.appender.E.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n\n")
        # Without this the tools log to standard output, into the text they print.
        (conf / "tsd/logback.xml").write_text(
            '<configuration><appender name="E" class="ch.qos.logback.core.ConsoleAppender"><target>System.err</target>'
            "<encoder><pattern>%d{ISO8601} %-5level [%logger{0}.%M] - %msg%n</pattern></encoder></appender>"
            '<root level="WARN"><appender-ref ref="E"/></root></configuration>\n')

    def tsd_conf(self, table, compact=False, more=None, port=None):
        """The configuration file of a TSD or tool on the tables TABLE and TABLE-uid."""
        settings = {
            "tsd.network.port": port or self.tsd_port,
            "tsd.network.bind": "127.0.0.1",
            "tsd.http.staticroot": f"{STATE}/tmp",
            "tsd.http.cachedir": f"{STATE}/tmp",
            "tsd.http.request.enable_chunked": "true",  # 2.4.1 takes a body over 8192 bytes for chunked
            "tsd.http.request.max_chunk": 1 << 20,
            "tsd.core.auto_create_metrics": "true",
            "tsd.storage.hbase.zk_quorum": f"127.0.0.1:{self.zk_port}",
            "tsd.storage.hbase.data_table": table,
            "tsd.storage.hbase.uid_table": f"{table}-uid",
            "tsd.storage.flush_interval": 50,
            "tsd.storage.enable_compaction": str(compact).lower(),
            **(more or {}),
        }
        path = STATE / f"conf/tsd/{table}{'-compact' if compact else ''}.conf"
        path.write_text("".join(f"{k} = {v}\n" for k, v in settings.items()))
        return path

    def command(self, part, heap, *args):
        conf = STATE / ("conf/hbase" if part == "hbase" else "conf/tsd")
        return [self.java, f"-Xmx{heap}", *JAVA_OPTIONS, f"-Djava.io.tmpdir={STATE}/tmp", f"-Dhadoop.home.dir={STATE}/tmp",
                "-cp", f"{conf}:{self.class_path[part]}", *map(str, args)]

    def start(self, name, command, port, limit_s):
        log = STATE / f"logs/{name}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=STATE / "tmp",
                                       env=environment(), start_new_session=True, preexec_fn=die_with_parent)
        self.servers[name] = process
        end = time.monotonic() + limit_s
        while not listens(port):
            if process.poll() is not None:
                raise LabError(f"{name} ended with code {process.returncode} while starting; its log: {log}")
            if time.monotonic() > end:
                raise LabError(f"{name} did not come up in {limit_s} s; its log: {log}")
            time.sleep(0.1)

    def start_hbase(self, *tables):
        """Starts HBase and creates the data and UID tables of each name."""
        self.start("hbase", self.command("hbase", "512m", "org.apache.hadoop.hbase.master.HMaster", "start"),
                   self.zk_port, HBASE_LIMIT_S)
        wanted = [part for table in tables for part in (f"{table}=t", f"{table}-uid=id,name")]
        try:
            self.tables("create", *wanted)
        except LabError as error:
            raise LabError(f"HBase did not come up: {error}; the log of HBase: {STATE}/logs/hbase.log") from None

    def start_tsd(self, table, compact=False, settings=None, port=None):
        """Starts a TSD; one beside another takes `other_port`."""
        conf = self.tsd_conf(table, compact, settings, port)
        command = self.command("opentsdb", "256m", "net.opentsdb.tools.TSDMain", f"--config={conf}")
        self.start(f"tsd-{conf.stem}", command, port or self.tsd_port, TSD_LIMIT_S)

    def stop_tsd(self, how=signal.SIGTERM, table=""):
        """Ends the TSD in good order: it flushes what it holds and, if it compacts, compacts every row it wrote to."""
        name = next(name for name in self.servers if name.startswith(f"tsd-{table}"))
        self.servers[name].send_signal(how)
        try:
            self.servers[name].wait(TSD_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise LabError(f"{name} did not stop in {TSD_LIMIT_S} s; its log: {STATE}/logs/{name}.log") from None
        del self.servers[name]

    def put_telnet(self, points):
        """Sends `put` lines; a TSD answers only what it refuses, `version` tells that it has read them all."""
        lines = [f"put {p.text()}\n" for p in points]
        with socket.create_connection(("127.0.0.1", self.tsd_port), timeout=TOOL_LIMIT_S) as tsd:
            tsd.sendall("".join(lines).encode() + b"version\nexit\n")
            answer = b"".join(iter(lambda: tsd.recv(65536), b"")).decode(errors="replace")
        refused = [line for line in answer.splitlines() if line.startswith("put:")]
        if refused or "net.opentsdb" not in answer:
            raise LabError(f"telnet put: {(refused or [answer or 'no answer'])[0]}")

    def put_http(self, points):
        """One /api/put that returns when all its points are stored."""
        # The value is written as it stands: through a Python number it would lose its form.
        body = ",".join(f'{{"metric":{json.dumps(p.metric)},"timestamp":{p.time},"value":{p.value},"tags":{json.dumps(dict(p.tags))}}}'
                        for p in points)
        request = urllib.request.Request(f"http://127.0.0.1:{self.tsd_port}/api/put?sync&details", f"[{body}]".encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TOOL_LIMIT_S) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise LabError(f"/api/put: {error.code} {error.read().decode(errors='replace')[:2000]}") from None
        if answer["success"] != len(points):
            raise LabError(f"/api/put stored {answer['success']} of {len(points)} points: {answer['errors'][:3]}")

    def scan(self, table, out, metrics, start=1, end=4294950000, mode="--import", tags=()):
        """`tsdb scan MODE START END sum METRIC TAGS sum METRIC TAGS ...` into the file OUT."""
        queries = [word for metric in metrics for word in ("sum", metric, *tags)]
        self.tool("scan", "DumpSeries", table, mode, start, end, *queries, out=out)

    def import_text(self, table, path):
        """`tsdb import --skip-errors PATH`; returns what it says about each refused line."""
        log = self.tool("import", "TextImporter", table, "--skip-errors", path)
        return [line for line in log.splitlines() if "error while processing file" in line]

    def export(self, table, out):
        """HBase's job Export, in blocks packed by zlib, into the folder OUT."""
        packed = [f"-Dmapreduce.output.fileoutputformat.compress{option}" for option in ("=true", ".type=BLOCK")]
        self.job(f"export-{table}", "mapreduce.Export", *packed, table, f"file://{out}")

    def snapshot(self, table, out):
        """A snapshot that is called after the folder OUT, into which the job ExportSnapshot brings it."""
        name = f"{out.name}-snapshot"
        self.job(f"snapshot-{out.name}", "snapshot.CreateSnapshot", "--table", table, "--name", name)
        self.job(f"export-snapshot-{out.name}", "snapshot.ExportSnapshot", "--snapshot", name, "--copy-to", f"file://{out}",
                 "--mappers", 1, "--no-checksum-verify")

    def tables(self, *args):
        """HBase's administration, by Tables.java."""
        self.run(f"tables-{'-'.join(args[:2])}", self.command("hbase", "256m", HERE / "Tables.java", *args), HBASE_LIMIT_S)

    def store_files(self, table):
        """The files of a data table as they lie in HBase's root: their names, which tell links and references."""
        return sorted(path.name for path in (STATE / f"hbase/root/data/default/{table}").glob("*/t/*") if not path.name.startswith("."))

    def job(self, name, tool, *args):
        self.run(name, self.command("hbase", "384m", f"org.apache.hadoop.hbase.{tool}", *args), JOB_LIMIT_S)

    def tool(self, name, tool, table, *args, out=None):
        command = self.command("opentsdb", "256m", f"net.opentsdb.tools.{tool}", f"--config={self.tsd_conf(table)}", *args)
        return self.run(f"{name}-{table}", command, TOOL_LIMIT_S, out)

    def run(self, name, command, limit_s, out=None):
        """Runs a tool to its end, standard output into OUT; returns what it logged."""
        log = STATE / f"logs/{name}.log"
        with open(log, "wb") as err, open(out or STATE / f"logs/{name}.out", "wb") as std:
            try:
                code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=std, stderr=err, cwd=STATE / "tmp",
                                      env=environment(), timeout=limit_s, preexec_fn=die_with_parent).returncode
            except subprocess.TimeoutExpired:
                raise LabError(f"{name} did not end in {limit_s} s; its log: {log}") from None
        if code:
            raise LabError(f"{name} ended with code {code}; its log: {log}")
        return log.read_text(encoding="utf-8", errors="replace")


def find_java():
    """The path of a java that can run the systems and compile Tables.java."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    if not java or not os.path.exists(java):
        raise Skip("no java found; a JDK from 11 to 22 is needed")
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, timeout=60).stdout.split()
    version = next((m.split("@")[1].split(".")[0] for m in modules if m.startswith("jdk.compiler@")), None)
    if not version or not 11 <= int(version.split("-")[0]) <= 22:
        raise Skip(f"{java} is no JDK from 11 to 22")
    return java


def fetch(name):
    """The class path of a pom file; Maven fills the cache once."""
    pom = HERE / f"{name}.pom.xml"
    known = CACHE / f"{name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}.classpath"
    if known.exists() and all(map(os.path.exists, known.read_text().split(":"))):
        return known.read_text()
    if not shutil.which("mvn"):
        raise Skip("no mvn found; Maven fetches HBase and OpenTSDB once")
    CACHE.mkdir(parents=True, exist_ok=True)
    fresh = known.with_suffix(f".{os.getpid()}")
    command = ["mvn", "-q", "-B", "-ntp", f"-Dmaven.repo.local={CACHE}/repository", "-f", str(pom), f"{DEPENDENCY_PLUGIN}:build-classpath",
               "-DincludeScope=runtime", f"-Dmdep.outputFile={fresh}"]
    with Step(f"fetching the jars of {name}"):
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_LIMIT_S,
                                  preexec_fn=die_with_parent)
        except subprocess.TimeoutExpired:
            raise Skip(f"Maven did not fetch the jars of {name} in {FETCH_LIMIT_S} s") from None
    if done.returncode:
        error = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr.strip() or "no message")
        if any(sign in done.stdout for sign in ("Could not transfer", "Unknown host", "offline mode", "Cannot access")):
            raise Skip(f"Maven reaches no repository: {error[:300]}")
        raise LabError(f"Maven could not fetch the jars of {name}: {error[:300]}")
    fresh.replace(known)
    return known.read_text()


def environment():
    """The same language and zone everywhere; names reach the tools as UTF-8."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def die_with_parent():
    """In a child: the kernel kills it when this process dies, even of SIGKILL (Linux only)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        prctl(1, signal.SIGKILL)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count):
    """Free ports below the range from which the system takes those of outgoing connections."""
    found = []
    for port in random.sample(range(20000, 30000), 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise LabError("no free ports from 20000 to 30000 on 127.0.0.1")
