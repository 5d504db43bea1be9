#!/usr/bin/env python3
"""Applies a patch as docs/spec/patch.md tells, with pyarrow, and judges what it makes; shares no code with tsdbproof.

usage: patch.py PATCH BASE CURRENT

BASE and CURRENT are import text, on which the patch was made; of BASE it may have been the manifest alone. Prints `ok ROWS`,
or what is wrong and exits with 1.
"""

import collections
import hashlib
import json
import pathlib
import sys

import blake3
import polars
import pyarrow as pa
import pyarrow.compute as pc

HOUR_MS = 3_600_000
COLUMNS = {
    "metric": pa.string(),
    "tags": pa.string(),
    "timestamp": pa.timestamp("ms", "UTC"),
    "operation": pa.string(),
    "new_integer": pa.int64(),
    "new_float": pa.float64(),
    "old_integer": pa.int64(),
    "old_float": pa.float64(),
}
REPEATED = ("metric", "tags", "operation")


def check(true, what):
    if not true:
        sys.exit(f"{sys.argv[1]}: {what}")


def number(value):
    """A value as digest-v1 has it: what is a whole number is one, however it was spelled."""
    is_whole = isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**63
    return int(value) if is_whole else value


def points(path):
    """Series -> instant in ms -> set of values."""
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        metric, time, value, *tags = line.split(" ")
        escaped = [tag.translate({ord(c): "\\" + c for c in "\\,{}"}) for tag in tags]
        series = metric, ",".join(sorted(set(escaped), key=str.encode))
        at = int(time) if int(time) >= 2**32 else int(time) * 1000
        is_integer = value.lstrip("+-").isdigit()
        found[series][at].add(number(int(value) if is_integer else float(value)))
    return found


def read(path):
    """The rows with every name, and the metadata."""
    data = pathlib.Path(path).read_bytes()
    file = pa.ipc.open_file(path)
    footer = {key.decode().removeprefix("tsdbproof."): value.decode() for key, value in file.metadata.items()}
    digits = footer["sha256"].encode()
    check(hashlib.sha256(data.replace(digits, b"0" * 64)).hexdigest() == footer["sha256"], "SHA-256")
    check(file.schema.metadata == {b"tsdbproof": b"patch", b"tsdbproof.version": b"1"}, "schema's metadata")
    check({field.name: field.type for field in file.schema} == COLUMNS, f"columns {file.schema}")
    for index in range(file.num_record_batches):
        first = file.get_batch(index).slice(0, 1)
        check(all(first[name].null_count == 0 for name in REPEATED), f"batch {index} can't be read alone")
    table = file.read_all()
    table.validate(full=True)
    frame = polars.read_ipc(path).with_columns(polars.col(REPEATED).forward_fill())
    for name in REPEATED:
        table = table.set_column(table.column_names.index(name), name, pc.fill_null_forward(table[name]))
        check(frame[name].to_list() == table[name].to_pylist(), f"{name} in polars")
    table = table.set_column(2, "timestamp", table["timestamp"].cast(pa.int64()))
    return table.to_pylist(), footer


def apply(state, rows, is_reverse):
    added, gone = ("old", "new") if is_reverse else ("new", "old")
    for row in rows:
        series = state[row["metric"], row["tags"]]
        at = row["timestamp"]
        if row["operation"] == "clear-hour":
            check(at % HOUR_MS == 0 and not is_reverse, f"{row} clears no hour")
            for time in [time for time in series if at <= time < at + HOUR_MS]:
                del series[time]
            continue
        sides = {"new": (row["new_integer"], row["new_float"]), "old": (row["old_integer"], row["old_float"])}
        set_of = {side: [value for value in values if value is not None] for side, values in sides.items()}
        check(all(len(values) <= 1 for values in set_of.values()), f"{row} has two values")
        check((row["operation"] == "put") == bool(set_of["new"]), f"{row} is another operation")
        for value in set_of[gone]:
            check(number(value) in series[at], f"{row} takes what is not there")
            series[at].remove(number(value))
        for value in set_of[added]:
            check(number(value) not in series[at], f"{row} adds what is there")
            series[at].add(number(value))


def plain(state):
    """Without what holds nothing."""
    series = {name: {at: values for at, values in times.items() if values} for name, times in state.items()}
    return {name: times for name, times in series.items() if times}


def count(state):
    return sum(len(values) for times in state.values() for values in times.values())


def check_footer(footer, rows, states):
    kinds = collections.Counter()
    for row in rows:
        has_old = row["old_integer"] is not None or row["old_float"] is not None
        kinds[row["operation"], has_old] += 1
    counts = {"added": kinds["put", False], "replaced": kinds["put", True], "deleted": kinds["delete", True],
              "cleared_hours": kinds["clear-hour", False]}
    check({name: int(footer[name]) for name in counts} == counts, f"counts {counts}")
    points = [int(footer[f"{end}_points"]) for end in ("base", "result")]
    check(points == [count(state) for state in states], f"{points} points")
    gone = counts["deleted"] + int(footer["cleared_points"])
    check(points[0] + counts["added"] - gone == points[1], "points do not add up")
    lasts = [str(max(max(times) for times in state.values())) for state in states]
    check(lasts == [footer["base_last_ms"], footer["result_last_ms"]], f"newest {lasts}")


def check_source(footer, end, path):
    data = pathlib.Path(path).read_bytes()
    blocks = [blake3.blake3(data[at:at + 2**20]).digest() for at in range(0, len(data), 2**20)]
    digest = blake3.blake3(len(data).to_bytes(8, "little") + b"".join(blocks)).hexdigest()
    source = json.loads(footer[f"{end}_source"])
    check((source["files"], source["size_bytes"], source["blake3"]) == (1, len(data), digest), f"source {source}")
    return source["names"][0]


def main(patch, base, current):
    rows, footer = read(patch)
    order = [(row["metric"].encode(), row["tags"].encode(), row["timestamp"]) for row in rows]
    check(order == sorted(order), "rows do not ascend")
    before, after = plain(points(base)), plain(points(current))
    check_footer(footer, rows, (before, after))
    name = check_source(footer, "base", base)
    check(check_source(footer, "result", current) == pathlib.Path(current).name, "the result's name")
    state = points(base)
    apply(state, rows, is_reverse=False)
    check(plain(state) == after, "it does not lead to CURRENT")
    if footer["cleared_hours"] == "0":
        check(name == pathlib.Path(base).name, "the base's name")
        apply(state, rows, is_reverse=True)
        check(plain(state) == before, "it does not lead back to BASE")
    print("ok", len(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
