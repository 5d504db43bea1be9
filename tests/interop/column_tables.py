#!/usr/bin/env python3
"""Reads an Arrow or Parquet file that tsdbproof wrote, and writes others, with pyarrow, pandas, polars and DuckDB.

usage: column_tables.py IMPORT_TEXT TABLE FOLDER

Each tool has to find in TABLE the points of IMPORT_TEXT, which is parsed here, integers to the last
digit. Then each writes them into FOLDER in its own manner: other types, dictionaries, compressions.
Shares no code with tsdbproof. Prints `ok FILES`, or what is wrong and exits with 1.
"""

import pathlib
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = {
    "metric": pa.string(),
    "tags": pa.map_(pa.string(), pa.string()),
    "timestamp": pa.timestamp("ms", "UTC"),
    "value": pa.float64(),
    "value_int": pa.int64(),
}


def check(true, what):
    if not true:
        sys.exit(f"{sys.argv[2]}: {what}")


def number(value):
    """One form for one float; 5 and 5.0 are the same."""
    value = float(value)
    return int(value) if value.is_integer() and abs(value) < 1 << 63 else value


def points_of_text(path):
    points = set()
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            metric, time, text, *tags = line.split()
            ms = int(time) if int(time) >= 1 << 32 else int(time) * 1000
            value = int(text) if text.lstrip("-").isdigit() else number(text)
            points.add((metric, frozenset(tuple(tag.split("=")) for tag in tags), ms, value))
    return points


def points_of_rows(rows):
    """Rows of metric, tags, milliseconds, the float and the integer."""
    points = set()
    for metric, tags, ms, value, integer in rows:
        tags = frozenset(tags.items() if isinstance(tags, dict) else map(tuple, tags))
        check(integer is None or float(integer) == value, f"{integer} beside {value}")
        points.add((metric, tags, ms, number(value) if integer is None else integer))
    return points


def read_with_pyarrow(table):
    whole = pq.read_table(table) if table.suffix == ".parquet" else pa.ipc.open_file(table).read_all()
    whole.validate(full=True)
    # The names of a map's parts are the writer's own business.
    plain = lambda kind: pa.map_(kind.key_type, kind.item_type) if pa.types.is_map(kind) else kind
    found = {field.name: plain(field.type) for field in whole.schema}
    check(list(found.items()) == list(SCHEMA.items()), f"columns {found}")
    columns = [whole[name].to_pylist() for name in ("metric", "tags")]
    columns.append(whole["timestamp"].cast(pa.int64()).to_pylist())
    columns += [whole[name].to_pylist() for name in ("value", "value_int")]
    return whole, points_of_rows(zip(*columns))


def read_with_polars(table):
    frame = pl.read_parquet(table) if table.suffix == ".parquet" else pl.read_ipc(table)
    check(frame.columns == list(SCHEMA), f"columns {frame.columns}")
    rows = frame.with_columns(pl.col("timestamp").dt.epoch("ms")).iter_rows()
    return frame, points_of_rows(rows)


def read_with_duckdb(table, whole):
    connection = duckdb.connect()
    # Of Arrow, DuckDB reads what pyarrow holds.
    source = f"'{table}'" if table.suffix == ".parquet" else "whole"
    relation = connection.sql(f"FROM {source}")
    check(relation.columns == list(SCHEMA), f"columns {relation.columns}")
    rows = connection.sql(f"SELECT metric, tags, epoch_ms(timestamp), value, value_int FROM {source}")
    return relation, points_of_rows(rows.fetchall())


def write_parquet(whole, frame, relation, folder):
    pq.write_table(whole, folder / "pyarrow.parquet", data_page_version="2.0", compression="lz4", row_group_size=1000)
    pq.write_table(flat(whole), folder / "flat.parquet", use_deprecated_int96_timestamps=True)
    frame.write_parquet(folder / "polars.parquet", row_group_size=1000)
    flat(whole).to_pandas().to_parquet(folder / "pandas.parquet")
    relation.write_parquet(str(folder / "duckdb.parquet"), compression="zstd", row_group_size=2048)


def write_arrow(whole, frame, relation, folder):
    lz4 = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=True)
    coded = whole.set_column(0, "metric", whole["metric"].combine_chunks().dictionary_encode())
    with pa.ipc.new_file(folder / "pyarrow.arrow", coded.schema, options=lz4) as writer:
        writer.write_table(coded, max_chunksize=1000)
    zstd = pa.ipc.IpcWriteOptions(compression="zstd")
    from_duckdb = pa.table(relation)
    with pa.ipc.new_stream(folder / "duckdb.arrows", from_duckdb.schema, options=zstd) as writer:
        writer.write_table(from_duckdb, max_chunksize=1000)
    coded = frame.with_columns(pl.col("metric").cast(pl.Categorical))
    coded.write_ipc(folder / "polars.arrow", compression="zstd", record_batch_size=1000)
    coded.write_ipc_stream(folder / "polars.arrows", compression="lz4")
    flat(whole).to_pandas().to_feather(folder / "pandas.feather")


def flat(whole):
    """A column for each tag, integers as text of the value."""
    rows = list(map(dict, whole["tags"].to_pylist()))
    keys = sorted({key for tags in rows for key in tags})
    columns = {f"tag_{key}": pa.array([tags.get(key) for tags in rows]) for key in keys}
    named = zip(whole["value"].to_pylist(), whole["value_int"].to_pylist())
    values = pa.array([repr(value) if integer is None else str(integer) for value, integer in named])
    times = whole["timestamp"].cast(pa.timestamp("us", "UTC"))
    return pa.table({"metric": whole["metric"], "timestamp": times, "value": values, **columns})


def main(text, table, folder):
    table, folder = pathlib.Path(table), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    expected = points_of_text(text)
    whole, by_pyarrow = read_with_pyarrow(table)
    frame, by_polars = read_with_polars(table)
    relation, by_duckdb = read_with_duckdb(table, whole)
    for tool, found in [("pyarrow", by_pyarrow), ("polars", by_polars), ("duckdb", by_duckdb)]:
        check(found == expected, f"{tool} finds {len(found)} points, {len(found - expected)} others")
    write = write_parquet if table.suffix == ".parquet" else write_arrow
    write(whole, frame, relation, folder)
    print("ok", *sorted(path.name for path in folder.iterdir()))


if __name__ == "__main__":
    main(*sys.argv[1:])
