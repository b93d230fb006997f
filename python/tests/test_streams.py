"""What can be read once: gathered in memory up to a bound, and beyond it in a temporary file without a name."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
from conftest import ROOT, SHOP, assert_same, payments, questions

import featc
from featc import _featc
from featc._inputs import source

# The least limit that a run may have; a quarter of it stays in memory.
LIMIT = "32MiB"


@pytest.fixture(scope="module")
def many():
    """More payments than the limit keeps in memory, of which those of `payments` count; with a column that nobody declared."""
    rows = payments()
    copies = []
    for copy in range(300):
        old = pyarrow.array(numpy.arange(len(rows)) + copy * len(rows))
        shift = pyarrow.scalar(-copy * 86_400_000_000, pyarrow.duration("us"))
        part = rows.set_column(0, "id", old)
        for name in ("at", "known_at"):
            part = part.set_column(part.column_names.index(name), name, pyarrow.compute.add(part[name], shift).cast(part[name].type))
        copies.append(part)
    note = pyarrow.array([f"note {i % 50}" for i in range(300 * len(rows))]).dictionary_encode()
    return pyarrow.concat_tables(copies).append_column("note", note)


def spooled(shop, rows, name="txn"):
    return type(source(rows, name, lambda: shop._inner.spool(name, LIMIT))) is _featc.Spooled


def other_dictionaries(table):
    """Batches whose dictionaries differ."""
    for at in range(0, len(table), 30_000):
        part = table.slice(at, 30_000)
        words = pyarrow.array([value and f"{value}" for value in part["shop"].to_pylist()])
        part = part.set_column(part.column_names.index("shop"), "shop", words.dictionary_encode())
        yield from part.combine_chunks().to_batches()


def reader(table, batches):
    batches = list(batches)
    return pyarrow.RecordBatchReader.from_batches(batches[0].schema, iter(batches))


STREAMS = {
    "reader": lambda table: table.to_reader(max_chunksize=10_000),
    "reader of single rows": lambda table: reader(table, [*table.slice(0, 300).to_batches(max_chunksize=1), *table.slice(300).to_batches(max_chunksize=9_000)]),
    "other dictionaries": lambda table: reader(table, other_dictionaries(table)),
    "dataset": lambda table: pyarrow.dataset.dataset(table),
    "polars lazy": lambda table: polars.from_arrow(table).lazy(),
    "iterator of tables": lambda table: (table.slice(at, 25_000) for at in range(0, len(table), 25_000)),
    "iterator of frames": lambda table: (polars.from_arrow(table.slice(at, 25_000)) for at in range(0, len(table), 25_000)),
    "iterator of pandas": lambda table: (table.slice(at, 25_000).to_pandas(types_mapper=pandas.ArrowDtype) for at in range(0, len(table), 25_000)),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_rows_of_a_stream_are_those_of_a_table(shop, many, kind):
    assert spooled(shop, STREAMS[kind](many))
    expected = shop.train("risk", questions(), sources={"txn": many}, status=True)
    found = shop.train("risk", questions(), sources={"txn": STREAMS[kind](many)}, status=True, memory_limit=LIMIT)
    assert_same(found, expected)
    mine, theirs = (one.report["sources"][0] for one in (found, expected))
    assert mine == theirs and mine["accepted"] > 100_000


def test_a_relation_is_a_stream(shop, many):
    # DuckDB has intervals for durations.
    program = featc.Program(SHOP.replace("    took: duration?,\n", "").replace("  /// The longest.\n  feature took = max(took) over 1d\n", ""))
    rows, connection = many.drop_columns(["took", "note"]), duckdb.connect()
    assert spooled(program, connection.from_arrow(rows))
    expected = program.train("risk", questions(), sources={"txn": rows}, status=True)
    assert_same(program.train("risk", questions(), sources={"txn": connection.from_arrow(rows)}, memory_limit=LIMIT, status=True), expected)


def test_what_is_in_memory_is_not_spooled(shop, many):
    for rows in (many, many.combine_chunks().to_batches()[0], polars.from_arrow(many), many.to_pandas(types_mapper=pandas.ArrowDtype)):
        assert not spooled(shop, rows)
    assert not spooled(shop, payments().to_reader())


def test_every_command_takes_a_stream(shop, many, command_line):
    stream = lambda: {"txn": many.to_reader(max_chunksize=10_000)}  # noqa: E731
    options = {"memory_limit": LIMIT}
    folder = command_line.folder
    shop.train_to(folder / "streamed.parquet", "risk", questions(), sources=stream(), **options)
    shop.train_to(folder / "table.parquet", "risk", questions(), sources={"txn": many}, **options)
    assert_same(pyarrow.parquet.read_table(folder / "streamed.parquet"), pyarrow.parquet.read_table(folder / "table.parquet"))
    # The record knows the values and not how they came.
    records = [json.loads((folder / f"{name}.parquet.provenance.json").read_text())["sources"] for name in ("streamed", "table")]
    assert len(records[0][0]["files"][0]["xxh3_128"]) == 32 and records[0][0]["format"] == "memory"
    plain = many.drop_columns(["note"])
    hashes = []
    for rows in (plain, plain.to_reader(max_chunksize=7_001)):
        found = shop.train("risk", questions(9), sources={"txn": rows}, **options)
        hashes.append(found.report["provenance"]["sources"][0]["files"][0]["xxh3_128"])
    assert hashes[0] == hashes[1]
    backfill = {"service": "risk", "start": "2024-05-01T08:00:00Z", "end": "2024-05-01T16:00:00Z", "every": "4h"}
    made = shop.backfill(folder / "parts", sources={"txn": plain.to_reader()}, **backfill, **options)
    assert made["made"] == made["parts"] > 0
    assert shop.backfill(folder / "parts", sources={"txn": plain}, **backfill)["made"] == 0
    asked = {"truth": "complete"}
    assert shop.get("risk", {"card": 3}, "2024-05-01T10:00:00Z", sources=stream(), **asked, **options) == shop.get("risk", {"card": 3}, "2024-05-01T10:00:00Z", sources={"txn": many}, **asked)


def chunks(many, values):
    """Frames as pandas reads them in chunks: integers in the first, floats where some are missing."""
    for at in range(0, len(many), 20_000):
        frame = many.slice(at, 20_000).drop_columns(["note"]).to_pandas(types_mapper=pandas.ArrowDtype)
        numbers = pandas.Series(many["n"].slice(at, 20_000).to_pylist(), dtype="float64")
        frame["n"] = numbers.fillna(0).astype("int64") if at == 0 else values(numbers)
        yield frame


def test_integers_that_pandas_made_floats(shop, many):
    small = pyarrow.compute.if_else(pyarrow.compute.less(many["n"], 1_000), many["n"], pyarrow.scalar(None, pyarrow.int64()))
    rows = many.set_column(many.column_names.index("n"), "n", small)
    whole = numpy.concatenate([numpy.nan_to_num(numpy.array(small.slice(0, 20_000).to_pylist(), dtype="float64")), numpy.array(small.slice(20_000).to_pylist(), dtype="float64")])
    expected = shop.train("risk", questions(), sources={"txn": rows.set_column(rows.column_names.index("n"), "n", pyarrow.array(whole, from_pandas=True).cast(pyarrow.int64()))})
    found = shop.train("risk", questions(), sources={"txn": chunks(rows, lambda n: n)}, memory_limit=LIMIT)
    assert_same(found, expected)
    with pytest.raises(featc.RunError, match="`n`.*[Ff]loat64"):
        shop.train("risk", questions(), sources={"txn": chunks(rows, lambda n: n + 0.5)}, memory_limit=LIMIT)


def test_what_is_wrong_with_a_stream(shop, many):
    def broken(at):
        for number, batch in enumerate(many.to_batches(max_chunksize=10_000)):
            if number == at:
                raise RuntimeError("the network is gone")
            yield batch

    for at in (0, 1, 11):
        with pytest.raises((TypeError, RuntimeError), match="the network is gone"):
            shop.train("risk", questions(), sources={"txn": broken(at)}, memory_limit=LIMIT)
    with pytest.raises(TypeError, match="different columns"):
        shop.train("risk", questions(), sources={"txn": iter([payments(), payments().drop_columns(["n"])])})
    with pytest.raises(TypeError, match="gives no part"):
        shop.train("risk", questions(), sources={"txn": iter([])})
    with pytest.raises(TypeError, match="a part: builtins.int is no table"):
        shop.train("risk", questions(), sources={"txn": iter([payments(), 7])})
    with pytest.raises(featc.RunError, match="is no folder") as refused:
        shop.train("risk", questions(), sources={"txn": many.to_reader()}, memory_limit=LIMIT, temp_dir="/nowhere/at/all")
    assert refused.value.code == "E0905"
    with pytest.raises(featc.RunError, match="cannot write a temporary file in /proc"):
        shop.train("risk", questions(), sources={"txn": many.to_reader()}, memory_limit=LIMIT, temp_dir="/proc")
    with pytest.raises(featc.RunError, match="memory_limit=\"lots\""):
        shop.train("risk", questions(), sources={"txn": many.to_reader()}, memory_limit="lots")


RUN = f"""
import os, sys
sys.path.insert(0, {str(ROOT / "python" / "tests")!r})
import featc, numpy, pyarrow

def resident(what):
    return int(open("/proc/self/status").read().split(what + ":")[1].split()[0]) >> 10

def events(parts, rows=100_000):
    stamp = pyarrow.timestamp("us", "UTC")
    for part in range(parts):
        number = numpy.arange(part * rows, (part + 1) * rows)
        at = pyarrow.array(1_714_550_400_000_000 + number).view(stamp)
        yield pyarrow.table({{"id": number, "card": number % 5_000, "amount": number * 0.5, "at": at, "known_at": at}})
        if part % 20 == 19:
            print("part", flush=True)

program = featc.Program('''
module shop
entity card (card: int64)
source txn {{
  columns (id: int64, card: int64, amount: float64, at: timestamp, known_at: timestamp)
  unique id  time at  arrival known_at
}}
view spend of card from txn {{
  owner "payments"
  /// Sum.
  feature total = sum(amount) over 1d default 0.0
}}
service risk {{ spend.* }}
''')
spine = {{"card": list(range(1_000)), "timestamp": ["2024-05-02T00:00:00Z"] * 1_000}}
"""


def test_memory_does_not_grow_with_a_stream(tmp_path):
    """240 MB that come in parts, of which 16 MB stay."""
    code = RUN + """
program.train("risk", spine, sources={"txn": events(1)})
before = resident("VmRSS")
found = program.train("risk", spine, sources={"txn": events(60)}, memory_limit="64MiB", threads=1)
assert found.report["sources"][0]["accepted"] == 6_000_000, found.report["sources"]
assert found.to_pydict()["spend__total"][1] == sum(0.5 * number for number in range(1, 6_000_000, 5_000))
print("grown", resident("VmHWM") - before)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "MALLOC_ARENA_MAX": "2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 150, done.stdout
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_stream_and_leaves_nothing_behind(tmp_path):
    code = RUN + """
try:
    program.train("risk", spine, sources={"txn": events(100_000)}, memory_limit="64MiB")
except KeyboardInterrupt:
    print("interrupted", len(program.train("risk", spine, sources={"txn": events(1)})), flush=True)
"""
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert running.stdout.readline() == "part\n"
    # 80 MB are written by now, to a file that only the process knows.
    files = [os.readlink(link) for link in pathlib.Path(f"/proc/{running.pid}/fd").iterdir()]
    assert any(str(tmp_path) in file and "(deleted)" in file for file in files), files
    assert list(tmp_path.iterdir()) == []
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0 and out.endswith("interrupted 1000\n"), err
    assert time.monotonic() - began < 30 and list(tmp_path.iterdir()) == []
