#!/usr/bin/env python3
"""Reads folders of Parquet files, by metric and day, as `convert --partition` writes them, with DuckDB and polars.

usage: partitions.py IMPORT_TEXT FOLDER THEIRS

Names of folders have to give each point its metric and its day, and a filter on both must open one
file alone. Then DuckDB writes such folders itself, into THEIRS. Shares no code with tsdbproof.
Prints `ok FILES`, or what is wrong and exits with 1.
"""

import datetime
import pathlib
import sys

import duckdb
import polars as pl

from column_tables import check, points_of_rows, points_of_text

DAY_MS = 86_400_000


def source(folder):
    return f"read_parquet('{folder}/*/*/*.parquet', hive_partitioning = true)"


def day_of(ms):
    return datetime.date(1970, 1, 1) + datetime.timedelta(ms // DAY_MS)


def read_with_duckdb(folder, expected):
    columns = "metric, tags, epoch_ms(timestamp), value, value_int, day"
    rows = duckdb.sql(f"SELECT {columns} FROM {source(folder)}").fetchall()
    check(points_of_rows(row[:5] for row in rows) == expected, "DuckDB finds other points")
    check(all(row[5] == day_of(row[2]) for row in rows), "a point lies in the folder of another day")


def read_with_polars(folder, expected):
    frame = pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()
    times = frame["timestamp"].dt.epoch("ms")
    rows = frame.with_columns(times.alias("timestamp")).drop("day").iter_rows()
    check(points_of_rows(rows) == expected, "polars finds other points")
    check(frame["day"].to_list() == [day_of(ms) for ms in times], "polars finds a point under another day")


def open_only_what_is_asked_for(folder, expected):
    days = {(metric, day_of(ms)) for metric, _, ms, _ in expected}
    for metric, day in days:
        name = metric.replace("'", "''")
        asked = f"FROM {source(folder)} WHERE metric = '{name}' AND day = '{day}'"
        rows = duckdb.sql(f"SELECT metric, tags, epoch_ms(timestamp), value, value_int {asked}").fetchall()
        wanted = {point for point in expected if (point[0], day_of(point[2])) == (metric, day)}
        check(points_of_rows(rows) == wanted, f"other points of {metric} on {day}")
        plan = duckdb.execute(f"EXPLAIN ANALYZE SELECT sum(value) {asked}").fetchall()[0][1]
        check("Total Files Read: 1" in plan, f"more than one file is read for {metric} on {day}: {plan}")
    return len(days)


def main(text, folder, theirs):
    theirs = pathlib.Path(theirs)
    theirs.mkdir(parents=True, exist_ok=True)
    expected = points_of_text(text)
    read_with_duckdb(folder, expected)
    read_with_polars(folder, expected)
    files = open_only_what_is_asked_for(folder, expected)
    check(files == len(list(pathlib.Path(folder).rglob("*.parquet"))), "there are files of no metric and day")
    duckdb.execute(f"COPY (FROM {source(folder)}) TO '{theirs}/lake' (FORMAT parquet, PARTITION_BY (metric, day), WRITE_PARTITION_COLUMNS)")
    print("ok", files)


if __name__ == "__main__":
    main(*sys.argv[1:])
