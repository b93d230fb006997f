"""Reads a Delta table by the text of the Delta protocol, and compares it with Parquet files that say what it must hold.

    python delta_reader.py TABLE VERSION EXPECTED.parquet...

Independent of the library that wrote the log: the log is replayed here, from its JSON; data files and expectations are
read by DuckDB. Rows are compared as multisets, in both directions; of every data file size and statistics are checked.
"""
import json
import os
import sys
from urllib.parse import unquote

import duckdb

TYPES = {"string": "VARCHAR", "long": "BIGINT", "integer": "INTEGER", "double": "DOUBLE", "float": "FLOAT",
         "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP WITH TIME ZONE"}


def replay(table, version):
    """Protocol, metadata and active files of a version."""
    protocol = metadata = None
    files = {}
    for commit in range(version + 1):
        with open(os.path.join(table, "_delta_log", f"{commit:020}.json"), encoding="utf-8") as lines:
            actions = [json.loads(line) for line in lines if line.strip()]
        assert sum("metaData" in action for action in actions) == (commit == 0), "metadata comes once, at creation"
        for action in actions:
            protocol = action.get("protocol", protocol)
            metadata = action.get("metaData", metadata)
            if "remove" in action:
                assert action["remove"]["dataChange"] is True
                del files[unquote(action["remove"]["path"])]
        for action in actions:
            if "add" in action:
                path = unquote(action["add"]["path"])
                assert path not in files, f"{path} is added twice"
                files[path] = action["add"]
    return protocol, metadata, files


def check_stats(con, path, add):
    assert os.path.getsize(path) == add["size"], f"size of {path}"
    assert add["dataChange"] is True and add["partitionValues"] == {} and add["modificationTime"] > 0
    stats = json.loads(add["stats"])
    rows = con.execute("SELECT count(*) FROM read_parquet(?)", [path]).fetchone()[0]
    assert stats["numRecords"] == rows, f"rows of {path}"
    for column, nulls in stats["nullCount"].items():
        found = con.execute(f'SELECT count(*) - count("{column}") FROM read_parquet(?)', [path]).fetchone()[0]
        assert found == nulls, f"nulls of {column}"
    compared = 0
    for side, aggregate, beyond in [("minValues", "min", "<"), ("maxValues", "max", ">")]:
        for column, bound in stats[side].items():
            compared += 1
            kind = con.execute(f'SELECT typeof("{column}") FROM read_parquet(?) LIMIT 1', [path]).fetchone()[0]
            outside = con.execute(
                f'SELECT {aggregate}("{column}") {beyond} CAST(? AS {kind}) FROM read_parquet(?)', [str(bound), path]
            ).fetchone()[0]
            assert outside is not True, f"{side} of {column} is {bound}"
    assert compared > 0, "no bounds at all"


def main():
    table, version, expected = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    protocol, metadata, files = replay(table, version)
    assert (protocol["minReaderVersion"], protocol["minWriterVersion"]) == (1, 2), protocol
    assert metadata["format"]["provider"] == "parquet" and metadata["partitionColumns"] == []
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    paths = [os.path.join(table, path) for path in files]
    for path, add in zip(paths, files.values()):
        check_stats(con, path, add)
    fields = json.loads(metadata["schemaString"])["fields"]
    said = [(field["name"], TYPES[field["type"]]) for field in fields]
    wanted = con.execute("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))", [expected])
    assert said == wanted.fetchall(), said
    columns = ", ".join(f'"{name}"' for name, _ in said)
    left = f"SELECT {columns} FROM read_parquet({paths})"
    # A file that is expected twice counts twice.
    right = " UNION ALL ".join(f"SELECT {columns} FROM read_parquet('{path}')" for path in expected)
    rows, more, less = (con.execute(f"SELECT count(*) FROM ({query})").fetchone()[0] for query in [
        left, f"({left}) EXCEPT ALL ({right})", f"({right}) EXCEPT ALL ({left})"])
    print(f"version {version}: {len(files)} files, {rows} rows, {more} too many, {less} missing")
    sys.exit(1 if more or less or not rows else 0)


if __name__ == "__main__":
    main()
