#!/usr/bin/env python3
"""Reads a table of text that tsdbproof wrote, and writes others, with DuckDB, pandas and polars.

usage: csv_tables.py IMPORT_TEXT TABLE FOLDER

Each tool has to find in TABLE, a CSV or TSV file, the points of IMPORT_TEXT, which is parsed here. Then
each writes them into FOLDER in its own manner: other delimiters, quotes and line ends, dates for
times. Shares no code with tsdbproof. Prints `ok FILES`, or what is wrong and exits with 1.
"""

import csv
import pathlib
import sys

import duckdb
import pandas
import polars

COLUMNS = ["metric", "timestamp_ms", "value"]


def check(true, what):
    if not true:
        sys.exit(f"{sys.argv[2]}: {what}")


def points_of_text(path):
    """The points of import text: a metric, tags, milliseconds, and the number as a float."""
    points = set()
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            metric, time, value, *tags = line.split()
            ms = int(time) if int(time) >= 1 << 32 else int(time) * 1000
            points.add((metric, frozenset(tuple(tag.split("=")) for tag in tags), ms, float(value)))
    return points


def points_of_rows(names, rows):
    """The same of rows of text, where nothing stands for no tag."""
    check(names[:3] == COLUMNS, f"columns {names}")
    points = set()
    for metric, ms, value, *tags in rows:
        found = frozenset((key, tag) for key, tag in zip(names[3:], tags) if tag)
        points.add((metric, found, int(ms), float(value)))
    return points


def with_duckdb(table, folder):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # Names such as 007 are no numbers.
    rows = connection.read_csv(table, all_varchar=True, header=True)
    yield points_of_rows(rows.columns, rows.fetchall())
    connection.execute(
        f"""COPY (SELECT metric, to_timestamp(timestamp_ms::BIGINT / 1000.0) AS time,
        * EXCLUDE (metric, timestamp_ms) FROM rows) TO '{folder}/duckdb.csv' (HEADER, DELIMITER ';')"""
    )


def with_pandas(table, folder, delimiter):
    frame = pandas.read_csv(table, sep=delimiter, dtype=str, keep_default_na=False)
    yield points_of_rows(list(frame.columns), frame.itertuples(index=False))
    times = pandas.to_datetime(frame.pop("timestamp_ms").astype("int64"), unit="ms", utc=True)
    frame["timestamp"] = times
    frame.to_csv(
        folder / "pandas.csv",
        index=False,
        quoting=csv.QUOTE_ALL,
        lineterminator="\r\n",
        encoding="utf-8-sig",
    )


def with_polars(table, folder, delimiter):
    frame = polars.read_csv(table, separator=delimiter, infer_schema=False)
    yield points_of_rows(frame.columns, frame.iter_rows())
    ms = polars.col("timestamp_ms").cast(polars.Int64)
    times = ms.cast(polars.Datetime("ms")).dt.replace_time_zone("UTC").alias("ts")
    frame.with_columns(times).drop("timestamp_ms").write_csv(folder / "polars.tsv", separator="\t")


def main(text, table, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    delimiter = "\t" if table.endswith(".tsv") else ","
    expected = points_of_text(text)
    tools = {
        "duckdb": with_duckdb(table, folder),
        "pandas": with_pandas(table, folder, delimiter),
        "polars": with_polars(table, folder, delimiter),
    }
    for tool, steps in tools.items():
        found = next(steps)
        check(found == expected, f"{tool} finds {len(found)} points, {len(found - expected)} others")
        check(next(steps, None) is None, tool)
    print("ok", *sorted(path.name for path in folder.iterdir()))


if __name__ == "__main__":
    main(*sys.argv[1:])
