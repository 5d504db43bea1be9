"""Engines for tables as peers of tsdbproof, on one thread, as ours.

    python peers.py join|canonical-join|polars-join BASE CURRENT
    python peers.py polars-sum FILE

Joins print how many points are only in BASE, only in CURRENT, and in both with another value. The sum is of hashes
of all points, series by series: blind to order, but not to spelling, and none that proves anything.
"""

import sys

TAGS = ["t1", "t2", "t3", "t4"]


def as_spelled(path):
    """Columns as they stand in the text: `metric time value tag tag [tag [tag]]`."""
    columns = {"metric": "VARCHAR", "ts": "BIGINT", "value": "VARCHAR"}
    columns |= {tag: "VARCHAR" for tag in TAGS}
    return (
        f"read_csv('{path}', delim=' ', header=false, quote='', escape='', auto_detect=false,"
        f" null_padding=true, columns={columns})"
    )


def canonical(path):
    """The same points for every spelling: tags sorted, milliseconds, doubles, no blanks, no duplicates."""
    lines = (
        f"read_csv('{path}', delim='\x01', header=false, quote='', escape='', auto_detect=false,"
        " columns={'line': 'VARCHAR'})"
    )
    return (
        "(SELECT DISTINCT f[1] AS metric, array_to_string(list_sort(f[4:]), ' ') AS tags,"
        " f[2]::BIGINT * CASE WHEN length(f[2]) > 10 THEN 1 ELSE 1000 END AS ts, f[3]::DOUBLE AS value"
        f" FROM (SELECT list_filter(string_split(line, ' '), lambda x: x <> '') AS f FROM {lines}))"
    )


def duckdb_join(form, keys, base, current):
    import duckdb

    # A missing tag is NULL, and NULL = NULL is not true; where no key can be NULL, `=` is the faster join.
    equal = "IS NOT DISTINCT FROM" if form is as_spelled else "="
    on = " AND ".join(f"a.{key} {equal} b.{key}" for key in keys)
    connection = duckdb.connect()
    connection.execute(
        "SET threads = 1; SET temp_directory = 'target/bench/duckdb'; SET preserve_insertion_order = false"
    )
    return connection.execute(
        "SELECT count(*) FILTER (b.ts IS NULL), count(*) FILTER (a.ts IS NULL), count(*) FILTER (a.value <> b.value)"
        f" FROM {form(base)} a FULL OUTER JOIN {form(current)} b ON {on}"
        " WHERE a.ts IS NULL OR b.ts IS NULL OR a.value <> b.value"
    ).fetchone()


def polars_scan(path):
    import polars

    schema = {"metric": polars.String, "ts": polars.Int64, "value": polars.String}
    schema |= {tag: polars.String for tag in TAGS}
    return polars.scan_csv(path, separator=" ", has_header=False, quote_char=None, schema=schema)


def polars_join(base, current):
    from polars import col, lit

    sides = polars_scan(base).with_columns(lit(1).alias("a")), polars_scan(current).with_columns(lit(1).alias("b"))
    joined = sides[0].join(sides[1], on=["metric", "ts", *TAGS], how="full", nulls_equal=True, coalesce=True)
    rows = joined.filter(col("a").is_null() | col("b").is_null() | (col("value") != col("value_right"))).collect()
    missing, extra = rows["b"].null_count(), rows["a"].null_count()
    return missing, extra, rows.height - missing - extra


def polars_sum(path):
    from polars import col, len, struct

    series = polars_scan(path).group_by(["metric", *TAGS]).agg(struct("ts", "value").hash().sum().alias("h"), len())
    return series.select(col("len").sum(), col("h").sum()).collect(engine="streaming").row(0)


task, *files = sys.argv[1:]
if task == "polars-sum":
    print("points={} sum={}".format(*polars_sum(*files)))
else:
    counts = {
        "join": lambda: duckdb_join(as_spelled, ["metric", "ts", *TAGS], *files),
        "canonical-join": lambda: duckdb_join(canonical, ["metric", "ts", "tags"], *files),
        "polars-join": lambda: polars_join(*files),
    }[task]()
    print("missing={} extra={} changed={}".format(*counts))
