"""What import text means, worked out once more: shares nothing with tsdbproof, and is too plain to be fast.

A model is a dict: (metric, tags, time in ms) -> set of values. An integer, and a float that is a whole number of 64
bits, is a Python int; every other value is a float (docs/spec: the exact profile).
"""
import struct
from collections import Counter, defaultdict
from fractions import Fraction

HOUR_MS = 3_600_000


def parse(text):
    """The points of import text in its order: (metric, tags, time in ms, value as text)."""
    for line in text.splitlines():
        metric, time, value, *tags = line.split(" ")
        yield metric, tuple(sorted(tags)), int(time) * (1 if len(time) > 11 else 1000), value


def number(text):
    return normal(float(text)) if any(c in ".eE" for c in text) else int(text)


def normal(value):
    return int(value) if isinstance(value, float) and value.is_integer() and -(2.0**63) <= value < 2.0**63 else value


def single(value):
    """The nearest binary32 of a float (ties to even), as the f32 profile takes it; None beyond its range."""
    if isinstance(value, int):
        return value
    try:
        return normal(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        return None


def single_of_text(text):
    """What `tsdb import` stores for a decimal: the binary32 nearest to the text, not to the double of the text."""
    exact, near = Fraction(text), struct.pack(">f", float(text))
    bits = int.from_bytes(near, "big")
    around = [b for b in (bits - 1, bits, bits + 1) if 0 <= b & 0x7FFFFFFF < 0x7F800000 and b >> 31 == bits >> 31]
    values = [struct.unpack(">f", b.to_bytes(4, "big"))[0] for b in around]
    return normal(min(values, key=lambda v: (abs(Fraction(v) - exact), struct.pack(">f", v)[3] & 1)))


def model(lines):
    found = defaultdict(set)
    for metric, tags, time_ms, value in lines:
        found[metric, tags, time_ms].add(number(value))
    return dict(found)


def in_single(points):
    return {key: {single(v) for v in values} for key, values in points.items()}


def imported(lines):
    """What `tsdb import --skip-errors` makes of the lines: (the model, the number of lines that it refuses)."""
    found, last, refused = {}, {}, 0
    for metric, tags, time_ms, text in lines:
        try:
            value = single_of_text(text) if any(c in ".eE" for c in text) else int(text)
        except OverflowError:
            value = None
        if value is None or time_ms <= last.get((metric, tags), 0):
            refused += 1
            continue
        last[metric, tags] = time_ms
        found[metric, tags, time_ms] = {value}
    return found, refused


def differences(base, current):
    """(metric, tags, hour in ms) -> counts as tsdbproof's report has them: `missing` and `extra` are points of instants
    that one side has, `changed` are instants of both; `narrowed` and `resolved` are kinds of `changed`."""
    found = defaultdict(Counter)
    for key in base.keys() | current.keys():
        metric, tags, time_ms = key
        old, new = base.get(key, set()), current.get(key, set())
        if old == new:
            continue
        counts = found[metric, tags, time_ms - time_ms % HOUR_MS]
        if not old or not new:
            counts["missing" if old else "extra"] += len(old | new)
            continue
        counts["changed"] += 1
        if old < new or new < old:
            counts["resolved"] += 1
        elif {single(float(v)) for v in old} == new:
            counts["narrowed"] += 1
    return dict(found)
