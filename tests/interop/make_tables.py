#!/usr/bin/env python3
"""Makes the inputs of the suite's cases of Arrow and Parquet, with pyarrow, pandas, polars and DuckDB.

usage: make_tables.py     (in the repository's root; versions are those of requirements.txt)

The rows are those of cases of import text, so the roots must be theirs. Writes no `expect.txt`.
"""

import gzip
import os
import struct

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

SUITE = "tests/suite/formats"
TAGS = pa.map_(pa.string(), pa.string())
UTC = pa.timestamp("ms", "UTC")
ZSTD = pa.ipc.IpcWriteOptions(compression="zstd")
LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


def scan(case):
    """The lines of a case: metric, milliseconds, value as text, tags."""
    with open(f"{SUITE}/import-text/{case}/input.txt") as file:
        for line in file:
            metric, time, value, *tags = line.split()
            time = int(time) * (1000 if int(time) < 1 << 32 else 1)
            yield metric, time, value, [tuple(tag.split("=")) for tag in tags]


def columns(case):
    metrics, times, values, tags = zip(*scan(case))
    return list(metrics), list(times), list(values), list(tags)


def is_integer(text):
    return text.lstrip("+-").isdigit()


def table(case="good-scan"):
    """The columns that `convert` writes."""
    metrics, times, values, tags = columns(case)
    return pa.table(
        {
            "metric": pa.array(metrics),
            "tags": pa.array(tags, TAGS),
            "timestamp": pa.array(times, UTC),
            "value": pa.array([float(value) for value in values]),
            "value_int": pa.array([int(v) if is_integer(v) else None for v in values], pa.int64()),
        }
    )


def with_tag_columns(case="good-scan"):
    """A column for each tag, and floats alone."""
    metrics, times, values, tags = columns(case)
    tags = [dict(pairs) for pairs in tags]
    keys = sorted({key for pairs in tags for key in pairs})
    each = {key: pa.array([pairs.get(key) for pairs in tags]) for key in keys}
    times = pa.array([time * 1000 for time in times], pa.timestamp("us"))
    values = pa.array([float(value) for value in values])
    return pa.table({"metric": pa.array(metrics), "time": times, "value": values, **each})


def path(format, case, ending):
    folder = f"{SUITE}/{format}/{case}"
    os.makedirs(folder, exist_ok=True)
    return f"{folder}/input.{ending}"


def put(format, case, ending, data):
    with open(path(format, case, ending), "wb") as file:
        file.write(data)


def ipc(table, options=None, new=pa.ipc.new_file, rows=40):
    sink = pa.BufferOutputStream()
    with new(sink, table.schema, options=options) as writer:
        for batch in table.to_batches(max_chunksize=rows):
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def stream(table, options=None, rows=40):
    return ipc(table, options, pa.ipc.new_stream, rows)


def dictionary(table, *names):
    """The same columns as dictionaries, another one for each 40 rows."""
    parts = [table.slice(at, 40) for at in range(0, len(table), 40)]
    for name in names:
        index = table.column_names.index(name)
        parts = [it.set_column(index, name, it[name].combine_chunks().dictionary_encode()) for it in parts]
    return pa.concat_tables(parts)


def arrow():
    ours = table()
    put("arrow", "good-pyarrow-file", "arrow", ipc(ours))
    put("arrow", "good-pyarrow-lz4", "arrow", ipc(ours, LZ4))
    put("arrow", "good-pyarrow-zstd", "arrow", ipc(ours, ZSTD))
    put("arrow", "good-numbers", "arrow", ipc(table("good-numbers"), LZ4))
    put("arrow", "good-names", "arrow", ipc(table("good-names"), LZ4))
    named = dictionary(with_tag_columns(), "metric", "host")
    put("arrow", "good-dictionaries-replaced", "arrows", stream(named, ZSTD))
    deltas = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=True)
    grown = dictionary(ours, "metric")
    put("arrow", "good-dictionaries-grown", "arrows", stream(grown, deltas, rows=40))
    old = pa.ipc.IpcWriteOptions(use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4)
    put("arrow", "good-old-stream", "arrows", stream(ours, old))
    two = stream(ours.slice(0, 60), LZ4) + stream(ours.slice(60), ZSTD)
    put("arrow", "good-two-streams", "arrows", two)
    put("arrow", "good-gzip", "arrows.gz", gzip.compress(stream(ours), mtime=0))
    with_tag_columns().to_pandas().to_feather(path("arrow", "good-pandas", "feather"))
    frame = pl.from_arrow(with_tag_columns()).with_columns(pl.col("metric").cast(pl.Categorical))
    frame.write_ipc_stream(path("arrow", "good-polars-stream", "arrows"), compression="zstd")
    for case, kinds in arrow_kind_columns().items():
        put("arrow", case, "arrows", stream(kinds, LZ4, rows=1000))
    arrow_columns(ours)
    arrow_damaged(ours)
    arrow_file(ours)


def arrow_kind_columns():
    """Tags and values as other types hold them."""
    named = with_tag_columns()
    keys = [name for name in named.column_names if name not in ("metric", "time", "value")]
    rows = named.to_pylist()
    pairs = [{key: row[key] for key in keys if row[key] is not None} for row in rows]
    fields = pa.struct([(key, pa.string()) for key in keys])
    struct_tags = pa.array([{key: row[key] for key in keys} for row in rows], fields)
    text_tags = pa.array([";".join(f"{key}={value}" for key, value in it.items()) for it in pairs])
    list_tags = pa.array([[{"k": k, "v": v} for k, v in it.items()] for it in pairs])
    berlin = named["time"].cast(UTC).cast(pa.timestamp("ms", "Europe/Berlin"))
    nanos = named["time"].cast(pa.timestamp("ns"))
    decimals = named["value"].cast(pa.decimal128(30, 4))
    kinds = {}
    for case, tags, time, value in [
        ("good-struct-tags", struct_tags, berlin, decimals),
        ("good-text-tags", text_tags, nanos, named["value"]),
        ("good-list-tags", list_tags, named["time"], named["value"].cast(pa.string())),
        ("good-union", text_tags, named["time"], union(named["value"])),
    ]:
        columns = {"metric": named["metric"].cast(pa.large_string()), "tags": tags, "ts": time, "val": value}
        kinds[case] = pa.table(columns)
    return kinds


def union(values):
    """Whole numbers in one part, others in another."""
    values = values.to_pylist()
    whole, floats, ids, offsets = [], [], [], []
    for value in values:
        part = whole if value.is_integer() else floats
        ids.append(5 if part is whole else 7)
        offsets.append(len(part))
        part.append(value)
    parts = [pa.array([int(value) for value in whole], pa.int32()), pa.array(floats)]
    ids, offsets = pa.array(ids, pa.int8()), pa.array(offsets, pa.int32())
    return pa.UnionArray.from_dense(ids, offsets, parts, ["whole", "float"], [5, 7])


def arrow_columns(ours):
    """Columns with names of their own."""
    named = with_tag_columns().rename_columns({"metric": "series", "time": "at", "value": "reading"})
    named = named.append_column("quality", pa.array([1] * len(named)))
    data = ipc(named.set_column(1, "at", named["at"].cast(pa.int64())), ZSTD)
    put("arrow", "columns", "arrow", data)
    put("arrow", "columns-unknown", "arrow", data)
    numbered = ours.append_column("quality", pa.array([1] * len(ours)))
    put("arrow", "note-unread-column", "arrow", ipc(numbered, ZSTD))
    put("arrow", "empty", "arrow", ipc(ours.slice(0, 0)))
    put("arrow", "unsupported-feather-1", "feather", b"FEA1" + bytes(36) + b"FEA1")


def damaged_rows():
    good = {"metric": "m", "tags": [("host", "a")], "timestamp": 1_700_000_000_000_000, "value": 0.5, "value_int": None}
    rows = [
        good,
        {**good, "metric": None},
        {**good, "metric": ""},
        {**good, "metric": "m\x07"},
        {**good, "tags": None},
        {**good, "tags": []},
        {**good, "tags": [("host", "a"), ("host", "b")]},
        {**good, "tags": [("", "a")]},
        {**good, "tags": [("host", None)]},
        {**good, "timestamp": None},
        {**good, "timestamp": 1_700_000_000_000_001},
        {**good, "timestamp": -1_000_000},
        {**good, "timestamp": 4_294_967_296_000_000},
        {**good, "value": None},
        {**good, "value": 1.0, "value_int": 2},
        {**good, "value": 2.0**63, "value_int": 2**63},
        {**good, "value": float("inf")},
        good,
    ]
    types = [("metric", pa.string()), ("tags", TAGS), ("timestamp", pa.timestamp("us")), ("value", pa.float64()), ("value_int", pa.uint64())]
    return stream(pa.Table.from_pylist(rows, pa.schema(types)))


def arrow_damaged(ours):
    put("arrow", "damaged-rows", "arrows", damaged_rows())
    whole = ipc(ours, LZ4)
    put("arrow", "damaged-cut", "arrow", whole[: len(whole) // 2])
    footer = len(whole) - 10 - struct.unpack("<i", whole[-10:-6])[0]
    put("arrow", "damaged-footer", "arrow", whole[:footer] + bytes(64) + whole[footer + 64 :])
    blocks = places(whole)
    put("arrow", "damaged-buffer", "arrow", flip(whole, blocks[1][0] + blocks[1][1] + 200))
    put("arrow", "damaged-message", "arrow", flip(whole, blocks[1][0] + 8))
    put("arrow", "damaged-length", "arrow", flip(whole, blocks[1][0] + 6))
    grown = stream(dictionary(ours, "metric"), pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True))
    # The second message, the first dictionary.
    put("arrow", "damaged-dictionary", "arrows", flip(grown, messages(grown)[1] + 8))
    put("arrow", "damaged-stray", "arrows", stream(ours) + b"stray bytes")


def places(data):
    """Where the batches of a file lie: offset, bytes of the message, bytes of the body."""
    reader = pa.ipc.open_file(data)
    found, at = [], data.index(b"\xff\xff\xff\xff")
    for _ in range(reader.num_record_batches + 1):
        message = pa.ipc.read_message(data[at:])
        length = 8 + struct.unpack("<i", data[at + 4 : at + 8])[0]
        found.append((at, length, message.body.size if message.body else 0))
        at += length + found[-1][2]
    return found[1:]


def messages(data):
    """Where messages begin, and the end of the stream."""
    mark = b"\xff\xff\xff\xff"
    return [at for at in range(0, len(data), 8) if data.startswith(mark, at)]


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def arrow_file(ours):
    frame = pl.from_arrow(ours)
    frame.write_ipc(path("arrow-file", "good-polars", "arrow"), compression="zstd")
    named = pl.from_arrow(with_tag_columns())
    named = named.with_columns(pl.col("metric", "host").cast(pl.Categorical))
    named.write_ipc(path("arrow-file", "good-polars-categories", "arrow"), compression="lz4", record_batch_size=40)
    with open(path("arrow-file", "good-polars-categories", "arrow"), "rb") as file:
        data = file.read()
    put("arrow-file", "damaged-cut", "arrow", data[:-100])
    put("arrow-file", "damaged-batch", "arrow", flip(data, messages(data)[0] + 700))
    put("arrow-file", "damaged-dictionary", "arrow", flip(data, messages(data)[-2] + 8))
    put("arrow-file", "good-pyarrow", "arrow", ipc(ours, LZ4))


def parquet(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def parquet_files():
    ours, named = table(), with_tag_columns()
    put("parquet", "good-pyarrow", "parquet", parquet(ours, compression="zstd", row_group_size=40))
    second = {"version": "2.6", "data_page_version": "2.0", "write_page_checksum": True}
    put("parquet", "good-pages-2", "parquet", parquet(dictionary(named, "metric", "host"), compression="lz4", **second))
    old = {"version": "1.0", "use_deprecated_int96_timestamps": True, "compression": "gzip"}
    put("parquet", "good-int96", "parquet", parquet(named, **old))
    put("parquet", "good-numbers", "parquet", parquet(table("good-numbers"), compression="snappy"))
    put("parquet", "good-names", "parquet", parquet(table("good-names"), compression="none"))
    put("parquet", "empty", "parquet", parquet(ours.slice(0, 0)))
    kinds = arrow_kind_columns()["good-struct-tags"]
    put("parquet", "good-struct-tags", "parquet", parquet(kinds, compression="snappy"))
    pl.from_arrow(ours).write_parquet(path("parquet", "good-polars", "parquet"), row_group_size=50)
    named.to_pandas().to_parquet(path("parquet", "good-pandas", "parquet"))
    duckdb.sql("from ours").write_parquet(path("parquet", "good-duckdb", "parquet"), compression="zstd")
    other = named.rename_columns({"metric": "series", "time": "at", "value": "reading"})
    other = other.set_column(1, "at", other["at"].cast(pa.int64())).append_column("quality", pa.array([1] * len(other)))
    put("parquet", "columns", "parquet", parquet(other))
    put("parquet", "note-unread-column", "parquet", parquet(named.append_column("quality", pa.array([1.5] * len(named)))))
    put("parquet", "unsupported-brotli", "parquet", parquet(ours, compression="brotli"))
    rows = pa.ipc.open_stream(damaged_rows()).read_all()
    put("parquet", "damaged-rows", "parquet", parquet(rows, compression="none"))
    whole = parquet(ours, compression="zstd", row_group_size=40, write_page_checksum=True)
    put("parquet", "damaged-cut", "parquet", whole[:-200])
    first = pq.ParquetFile(pa.BufferReader(whole)).metadata.row_group(1).column(0)
    put("parquet", "damaged-checksum", "parquet", flip(whole, first.data_page_offset + 60))
    whole = parquet(ours, compression="zstd", row_group_size=40)
    first = pq.ParquetFile(pa.BufferReader(whole)).metadata.row_group(1).column(0)
    put("parquet", "damaged-page", "parquet", flip(whole, first.data_page_offset + first.total_compressed_size - 40))
    put("parquet", "damaged-header", "parquet", flip(whole, first.data_page_offset + 3))
    footer = len(whole) - 8 - struct.unpack("<i", whole[-8:-4])[0]
    put("parquet", "damaged-footer", "parquet", whole[: footer + 500] + bytes(64) + whole[footer + 564 :])


if __name__ == "__main__":
    arrow()
    parquet_files()
