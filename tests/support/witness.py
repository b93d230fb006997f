"""Recomputes a training set of the witness program by other means and compares, value by value.

    python witness.py EVENTS.parquet TRAINING.parquet complete|as_of_arrival

Counts, minima, maxima and lasts come from DuckDB's SQL; float sums from math.fsum; means and variances from exact
fractions, rounded once (Python's int/int division and float(Fraction) round correctly).
"""
import math
import sys
from fractions import Fraction

import duckdb

HOUR = 3_600_000_000
DAY = 24 * HOUR


def visible(truth):
    return "e.known <= s.t - 60000000" if truth == "as_of_arrival" else "true"


def load(con, events, training):
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"""CREATE TABLE e AS SELECT flight_id, carrier, tailnum, epoch_us(event_at) AS t, epoch_us(known_at) AS known,
        arr_delay, air_time::DOUBLE / 60.0 AS hours, distance::DOUBLE / (air_time::DOUBLE / 60.0) AS speed
        FROM '{events}' WHERE arr_delay IS NOT NULL AND air_time IS NOT NULL""")
    con.execute(f"CREATE TABLE r AS SELECT row_number() OVER () AS n, * FROM '{training}'")
    con.execute("CREATE TABLE s AS SELECT n, carrier, tailnum, epoch_us(timestamp) AS t FROM r")


def by_sql(con, truth):
    """Per row: counts, minima, maxima, lasts."""
    rows = con.execute(f"""SELECT s.n,
          count(e.t) FILTER (e.t > s.t - {3 * HOUR}), count(e.t),
          min(e.arr_delay) FILTER (e.t > s.t - {DAY}), max(e.arr_delay) FILTER (e.t > s.t - {DAY}),
          arg_max(e.arr_delay, (e.t, e.flight_id)) FILTER (e.t > s.t - {3 * HOUR})
        FROM s LEFT JOIN e ON e.carrier = s.carrier AND e.t <= s.t AND e.t > s.t - {7 * DAY} AND {visible(truth)}
        GROUP BY s.n""").fetchall()
    return {n: dict(zip(["c__n_3h", "c__n_7d", "c__low", "c__high", "c__latest"], values)) for n, *values in rows}


def lists(con, truth, key, column, days):
    rows = con.execute(f"""SELECT s.n, list(e.{column}) FROM s JOIN e ON e.{key} = s.{key} AND e.t <= s.t
        AND e.t > s.t - {days * DAY} AND {visible(truth)} GROUP BY s.n""").fetchall()
    return dict(rows)


def mean(values):
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def variance(values):
    if len(values) < 2:
        return None
    n, total, squares = len(values), sum(map(Fraction, values)), sum(Fraction(v) ** 2 for v in values)
    return float((n * squares - total * total) / (n * (n - 1)))


def main():
    events, training, truth = sys.argv[1:4]
    con = duckdb.connect()
    load(con, events, training)
    expected = by_sql(con, truth)
    exact = [
        ("c__delay", lists(con, truth, "carrier", "arr_delay", 1), mean),
        ("a__hours_7d", lists(con, truth, "tailnum", "hours", 7), lambda v: math.fsum(v) if v else None),
        ("a__hours_30d", lists(con, truth, "tailnum", "hours", 30), lambda v: math.fsum(v) if v else None),
        ("a__speed", lists(con, truth, "tailnum", "speed", 30), mean),
        ("a__spread", lists(con, truth, "tailnum", "speed", 30), variance),
        ("a__jitter", lists(con, truth, "tailnum", "arr_delay", 30), variance),
    ]
    for name, values, fold in exact:
        for n, row in expected.items():
            row[name] = fold(values.get(n, []))
    names = list(next(iter(expected.values())))
    compared = differ = filled = 0
    for n, *actual in con.execute(f"SELECT n, {', '.join(names)} FROM r ORDER BY n").fetchall():
        for name, value in zip(names, actual):
            compared += 1
            filled += value is not None
            if value != expected[n][name]:
                differ += 1
                if differ <= 5:
                    print(f"row {n}: {name} is {value!r}, expected {expected[n][name]!r}")
    print(f"{truth}: {compared} values compared ({filled} of them not null), {differ} differ")
    sys.exit(1 if differ or filled < compared // 2 else 0)


if __name__ == "__main__":
    main()
