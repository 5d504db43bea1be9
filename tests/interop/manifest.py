#!/usr/bin/env python3
"""Reads a manifest as other tools do: with pyarrow and, where it is installed, polars.

usage: manifest.py MANIFEST

Checks the columns, the order of the rows, the totals and the SHA-256 in the footer; shares no code
with tsdbproof. Prints `ok ROWS`, or what is wrong and exits with 1.
"""

import hashlib
import json
import sys

import pyarrow as pa

TIME = pa.timestamp("ms", "UTC")
COLUMNS = {
    "metric": pa.string(),
    "tags": pa.string(),
    "start": TIME,
    "points": pa.uint64(),
    "children": pa.uint64(),
    "first": TIME,
    "last": TIME,
    "digest": pa.binary(32),
    "f32_points": pa.uint64(),
    "f32_digest": pa.binary(32),
}
LEFT_OUT = {
    "metric": {"tags", "start"},
    "series": {"start"},
    "day": set(),
    "hour": {"children"},
}


def check(true, what):
    if not true:
        sys.exit(f"{sys.argv[1]}: {what}")


def check_columns(schema, depth):
    check(schema.metadata[b"tsdbproof"] == b"manifest", "no manifest")
    check(schema.metadata[b"tsdbproof.depth"].decode() == depth, "two depths")
    expected = {name: kind for name, kind in COLUMNS.items() if name not in LEFT_OUT[depth]}
    found = {field.name: field.type for field in schema}
    check(list(found.items()) == list(expected.items()), f"columns {found}")
    nullable = {field.name for field in schema if field.nullable}
    check(nullable == {"f32_points", "f32_digest"}, f"nullable {nullable}")


def check_rows(table, footer):
    # Strings of Python sort by code points, which is the order of their UTF-8 bytes.
    names = [table[name].to_pylist() for name in ("metric", "tags") if name in table.column_names]
    if "start" in table.column_names:
        names.append(table["start"].cast(pa.int64()).to_pylist())
    rows = list(zip(*names))
    check(all(a < b for a, b in zip(rows, rows[1:])), "names do not ascend")
    points = table["points"].to_pylist()
    f32_points = [narrow or exact for narrow, exact in zip(table["f32_points"].to_pylist(), points)]
    check(str(sum(points)) == footer["points"], f"{sum(points)} points")
    check(str(sum(f32_points)) == footer["f32_points"], f"{sum(f32_points)} points in f32")
    check(str(len(set(names[0]))) == footer["metrics"], "metrics")
    check(table["f32_points"].is_null().equals(table["f32_digest"].is_null()), "half an f32 node")
    if rows:
        first, last = (table[name].cast(pa.int64()).to_pylist() for name in ("first", "last"))
        check((str(min(first)), str(max(last))) == (footer["first_ms"], footer["last_ms"]), "span")


def check_files(footer):
    block = int(footer["block_size_bytes"])
    for file in json.loads(footer["files"]):
        digits = file.get("blocks", "")
        count = -(-int(file["size_bytes"]) // block) if digits else 0
        check(len(bytes.fromhex(digits)) == 32 * count, f"blocks of {file['name']}")


def check_polars(path, table):
    try:
        import polars
    except ImportError:
        return
    frame = polars.read_ipc(path)
    check(frame.columns == table.column_names, "columns in polars")
    check(frame.height == table.num_rows, "rows in polars")
    for name in ("metric", "points", "digest", "f32_digest"):
        check(frame[name].to_list() == table[name].to_pylist(), f"{name} in polars")


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    reader = pa.ipc.open_file(path)
    footer = {key.decode().removeprefix("tsdbproof."): value.decode() for key, value in reader.metadata.items()}
    check(footer["version"] == "1", "version")
    digits = footer["sha256"].encode()
    found = hashlib.sha256(data.replace(digits, b"0" * 64)).hexdigest()
    check(found == footer["sha256"], f"SHA-256 {found}")
    check_columns(reader.schema, footer["depth"])
    table = reader.read_all()
    table.validate(full=True)
    check_rows(table, footer)
    check_files(footer)
    check_polars(path, table)
    print("ok", table.num_rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
