"""Compares a training set with what an example's own SQL says of the same questions, value by value.

    python examples.py FOLDER TRAINING.parquet

`FOLDER/check.sql` ends with a query whose rows are the questions in order, with the training set's columns of features. Whole
numbers, decimals, texts, conditions, durations and instants must be equal; floats, which SQL adds in any order, may differ in
the last of nine digits. A column that is missing on either side, or a set without values, is an error.
"""
import datetime
import decimal
import math
import os
import sys

import duckdb


def same(found, wanted):
    if found is None or wanted is None:
        return found is wanted
    if isinstance(found, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, float):
        return found == wanted or math.isclose(found, float(wanted), rel_tol=1e-9, abs_tol=1e-9)
    return found == wanted


def plain(value):
    """Durations are whole microseconds in Parquet."""
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return int(value) if isinstance(value, decimal.Decimal) and value == value.to_integral_value() else value


def main(folder, training):
    training = os.path.abspath(training)
    os.chdir(folder)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    *before, query = [part for part in open("check.sql").read().split(";") if part.strip()]
    for statement in before:
        con.execute(statement)
    wanted = con.execute(query)
    columns = [column[0] for column in wanted.description]
    wanted = wanted.fetchall()
    had = con.execute(f"SELECT * FROM '{training}' LIMIT 0").description
    spine = {column[0] for column in con.execute("SELECT * FROM 'data/spine.csv' LIMIT 0").description}
    ours = [column[0] for column in had if column[0] not in spine]
    if sorted(ours) != sorted(columns):
        sys.exit(f"the training set has {ours}, and the SQL {columns}")
    chosen = ", ".join(f'"{name}"' for name in columns)
    found = con.execute(f"SELECT {chosen} FROM '{training}'").fetchall()
    if len(found) != len(wanted) or not found:
        sys.exit(f"{len(found)} rows, and by SQL {len(wanted)}")
    differ, values = [], 0
    for row, (ours, theirs) in enumerate(zip(found, wanted)):
        for name, one, other in zip(columns, ours, theirs):
            values += one is not None
            if not same(plain(one), plain(other)):
                differ.append(f"question {row + 1}, {name}: {one!r}, and by SQL {other!r}")
    empty = [name for place, name in enumerate(columns) if all(row[place] is None for row in found)]
    if empty:
        sys.exit(f"no value in {empty}")
    print(f"{len(found)} questions, {len(columns)} features, {values} values, {len(differ)} differ")
    print("\n".join(differ[:20]))
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
