"""The points that the lab writes, always the same, and what is known of them.

No point is written in the seconds 80 to 95 of an hour: `tsdb scan` 2.4.1 takes a column that begins there for an
appended one and stops.
"""
import random
from typing import NamedTuple

START = 1699999200  # 2023-11-14 22:00:00 UTC; two hours on, a new day begins
HOUR = 3600


class Put(NamedTuple):
    """One point as it is written; a time from 10^12 on is in milliseconds."""

    metric: str
    tags: tuple
    time: int
    value: str

    def text(self):
        """The line of `tsdb import`, and of telnet `put` behind its first word."""
        return " ".join([self.metric, str(self.time), self.value, *(f"{k}={v}" for k, v in self.tags)])


def put(metric, time, value, **tags):
    second = time // 1000 if time >= 10**12 else time
    assert not 80 <= second % HOUR <= 95, (metric, time)
    return Put(metric, tuple(tags.items()), time, str(value))


class Batch(NamedTuple):
    """Points that go through one connection (telnet) or one request (http)."""

    via: str
    points: list


def main_load():
    """What a TSD that compacts takes: whole hours, every kind of number and name."""
    rng = random.Random(1)
    telnet, http = [], []
    for host in ("web01", "web02", "db-01"):
        for minute in range(180):
            value = rng.randrange(100) if minute % 41 else rng.randrange(128, 400)
            telnet.append(put("sys.cpu.user", START + 60 * minute, value, host=host, cpu="0"))
            if minute % 2 and host != "db-01":
                http.append(put("sys.mem.used", START + 60 * minute + 7, f"{rng.uniform(0, 9):.2f}", host=host))
    for minute in range(60):  # telnet stores what a float holds in 4 bytes, all else in 8
        telnet.append(put("sys.load", START + 60 * minute, rng.choice(("0.5", "0.85", "1.25", "2.0", "3.14")), host="web01"))
    count = 0
    for step in range(100):  # a counter that grows from 1 to 8 bytes, over a day and more
        telnet.append(put("net.bytes", START + 900 * step, count, host="web01", direction="in"))
        count = count * 3 // 2 + step
    time_ms = START * 1000
    for step in range(200):  # milliseconds, irregular, some on a whole second
        time_ms += rng.choice((1, 7, 250, 1000, rng.randrange(2, 16000)))
        if step % 25 == 0:
            time_ms += -time_ms % 1000
        if 80_000 <= time_ms % 3_600_000 < 96_000:
            time_ms += 16_000
        (http if step % 2 else telnet).append(put("req.latency", time_ms, f"{rng.lognormvariate(1, 1):.3f}", host="web02"))
    whole = [0, 1, -1, 127, 128, -128, -129, 255, 32767, 32768, -32769, 65536, 2**31 - 1, 2**31, -(2**31) - 1, 2**32,
             2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
    decimal = ["0.85", "0.1", "0.30000000000000004", "0.5", "1.0", "-0.0", "1e3", "1E0", "123456789.123456789", "9007199254740993.0",
               "16777216.0", "16777217.0", "16777217.5", "33554433.5", "1e-7", "1e22", "3.4e38", "1e39", "1e300", "-1.7976931348623157e308",
               "4.9e-324", "1e-46", "1.0000000596046448"]
    forms = [".5", "-.5", "5.", "+5", "+1.5", "1e+3", "007", "-0", "00.10"]  # no numbers in JSON
    for via, batch in (("telnet", telnet), ("http", http)):
        for step, value in enumerate(whole):
            batch.append(put("num.whole", START + 60 * step, value, via=via))
        for step, value in enumerate(decimal):
            batch.append(put("num.decimal", START + 60 * step, value, via=via))
    for step, value in enumerate(forms):
        telnet.append(put("num.forms", START + 60 * step, value, via="telnet"))
    for step in range(120):  # seconds and milliseconds, integers and decimals in one series
        time = START + 60 * step
        time = time if step % 5 else time * 1000 + rng.choice((0, 1, 500, 999))
        value = rng.choice((rng.randrange(-5, 5), rng.randrange(-70000, 70000), f"{rng.uniform(-3, 3):.1f}", f"{rng.randrange(9)}.0"))
        (http if step % 2 else telnet).append(put("mix.types", time, value, host="db-01"))
    for tag_count in range(1, 9):
        tags = {key: f"{key}{tag_count % 3}" for key in "abcdefgh"[:tag_count]}
        for step in range(4):
            http.append(put("tags.many", START + 600 * step + tag_count, rng.randrange(1000), **tags))
    for name in ("été", "über/straße", "a-b_c.d/e", "UPPER", "upper", "007"):  # HBase holds ISO-8859-1
        http.append(put("uni.métrique", START + 60, len(name), **{"clé": name}))
    for offset in (0, 1, 59, 60, 3599, 3600, 3601, 7199, 7200, 86399, 86400):
        telnet.append(put("edge.hours", START + offset, offset, unit="s"))
    for offset in (0, 1, 999, 1000, 3599000, 3599999, 3600000, 3600001, 7199999, 7200000, 86399999, 86400000):
        telnet.append(put("edge.hours", START * 1000 + offset, offset, unit="ms"))
    same = [put("dup.same", START + 60 * step, step, host="d") for step in range(6)]
    # A conflict or a rewrite would be lost in a compaction that runs between: those are in `late_load`.
    return [Batch("telnet", telnet + same), Batch("telnet", same)] + [Batch("http", http[i:i + 200]) for i in range(0, len(http), 200)]


def late_load():
    """What a TSD that does not compact takes: late points in compacted rows, rewrites, conflicts."""
    late = [put("sys.cpu.user", START + 60 * minute + 30, minute % 90, host=host, cpu="0")
            for host in ("web01", "web02") for minute in range(3, 180, 25)]
    single = [put("late.points", START + 86500 + 47 * step, f"{step}.3" if step % 3 else step, host="web01") for step in range(60)
              if not 80 <= (START + 86500 + 47 * step) % HOUR <= 95]
    first = [put("dup.overwrite", START + 60 * step, value, kind=kind) for step in range(5) for kind, value in (("int", step), ("float", step + 0.25))]
    last = [put("dup.overwrite", START + 60 * step, value, kind=kind) for step in range(5) for kind, value in (("int", step + 20), ("float", step + 20.75))]
    one = [put("dup.conflict", START + 60 * step, step + 1, host="d") for step in range(5)]
    two = [put("dup.conflict", START + 120, 300, host="d"), put("dup.conflict", START + 240, "6.5", host="d"),
           put("dup.conflict", (START + 60) * 1000, 2, host="d"),  # the same instant and value, in milliseconds: no conflict
           put("dup.conflict", START * 1000, 99, host="d")]        # the same instant, another value
    return [Batch("telnet", late), Batch("http", single), Batch("http", first + one), Batch("http", last + two)], first


def changes():
    """What is done to the second system: the series-hour that goes, and the points that are put."""
    gone = ("sys.mem.used", ("host=web02",), START + HOUR)
    telnet = [put("sys.cpu.user", START + 600, 77, host="db-01", cpu="0"),      # 1 byte over 1 byte: the cell is replaced
              put("sys.load", START + 120, "-1.5", host="web01"),               # 4 bytes over 4 bytes
              put("sys.load", START + 30 * HOUR, "0.25", host="web01")]         # an hour that never was
    http = [put("req.latency", (START + 5) * 1000 + 1, 5, host="web02"),        # a point too many
            put("sys.load", START + 31 * HOUR, "0.1", host="web01")]            # a double, which `tsdb import` would narrow
    return gone, [Batch("telnet", telnet), Batch("http", http)]
