"""DuckDB as a peer of `tsdbproof diff`: python peers.py join|canonical-join BASE CURRENT

Prints how many points are only in BASE, only in CURRENT, and in both with another value. One thread, as ours.
"""

import sys

import duckdb


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


TAGS = ["t1", "t2", "t3", "t4"]
FORMS = {
    "join": (as_spelled, ["metric", "ts", *TAGS]),
    "canonical-join": (canonical, ["metric", "ts", "tags"]),
}

form, keys = FORMS[sys.argv[1]]
base, current = map(form, sys.argv[2:])
# A missing tag is NULL, and NULL = NULL is not true; where no key can be NULL, `=` is the faster join.
equal = "IS NOT DISTINCT FROM" if form is as_spelled else "="
on = " AND ".join(f"a.{key} {equal} b.{key}" for key in keys)
connection = duckdb.connect()
connection.execute("SET threads = 1; SET temp_directory = 'target/bench/duckdb'; SET preserve_insertion_order = false")
counts = connection.execute(
    "SELECT count(*) FILTER (b.ts IS NULL), count(*) FILTER (a.ts IS NULL), count(*) FILTER (a.value <> b.value)"
    f" FROM {base} a FULL OUTER JOIN {current} b ON {on}"
    " WHERE a.ts IS NULL OR b.ts IS NULL OR a.value <> b.value"
).fetchone()
print("missing={} extra={} changed={}".format(*counts))
