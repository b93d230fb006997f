"""The Python package against the command line and against Polars: processor time, wall time, resident memory.

    FEATC_BIN=target/debug/featc python bench/python.py files  [--rows 10000000] [--pairs 5]
    FEATC_BIN=target/debug/featc python bench/python.py frames [--rows 10000000] [--pairs 5]
    python bench/python.py polars DATA [--pairs 5]

Needs the package `featc`, numpy, pyarrow, and Polars for the last. Prints JSON lines, then their medians.

- `files`: the same Parquet files by `featc train` and by `Program.train_to`, each in a process of its own, in turns: processor
  seconds of the whole process. Beside them those of a Python that does nothing, and of one that imports the package.
- `frames`: events as an Arrow table in memory against the same events in Parquet, in processes of their own: processor and
  wall seconds of `train` alone, and by how much the resident memory grew meanwhile, beside the bytes of the tables.
- `polars`: 10 M events and 1 M questions of `bench/side-by-side` (its first case; DATA is its folder) as Arrow tables in one
  process, answered by `train` and by Polars' `rolling` in turns.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

PROGRAM = """
module shop
entity card (card: int64)
source txn {
  columns (id: int64, card: int64, amount: float64, at: timestamp, known_at: timestamp)
  unique id
  time at
  arrival known_at
  lateness 1d
}
view spend of card from txn {
  owner "payments"
  /// Sums.
  feature total = sum(amount) over [1h, 1d, 7d]
  /// Payments.
  feature times = count() over [1h, 1d, 7d]
  /// The greatest.
  feature most = max(amount) over 1d
}
service risk { spend.* }
"""

TRAIN = "import featc; featc.Program('shop.feat').train_to('mine.parquet', 'risk', 'spine.parquet', sources={'txn': 'txn.parquet'}, progress=False)"

IN_MEMORY = """
import json, resource, sys, time
import featc, pyarrow.parquet

def resident(what):
    # Of this program alone: what getrusage says is that of the process before it, too.
    status = open("/proc/self/status").read()
    return int(status.split(what + ":")[1].split()[0]) * 1024

def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

program = featc.Program("shop.feat")
spine = pyarrow.parquet.read_table("spine.parquet")
source, tables = "txn.parquet", 0
if sys.argv[1] == "memory":
    source = pyarrow.parquet.read_table("txn.parquet", use_threads=False)
    tables = source.nbytes
pyarrow.default_memory_pool().release_unused()
# From here on the peak is that of the run.
open("/proc/self/clear_refs", "w").write("5")
before, began, wall = resident("VmRSS"), seconds(), time.monotonic()
found = program.train("risk", spine, sources={"txn": source}, progress=False)
print(json.dumps({"from": sys.argv[1], "cpu_s": round(seconds() - began, 3), "wall_s": round(time.monotonic() - wall, 3), "tables_mb": tables >> 20, "result_mb": found.nbytes >> 20, "grown_mb": (resident("VmHWM") - before) >> 20}))
"""


def write(folder: pathlib.Path, rows: int) -> None:
    import numpy
    import pyarrow
    import pyarrow.parquet

    random = numpy.random.default_rng(7)
    start = 1_714_550_400_000_000
    at = start + random.integers(0, 30 * 86_400_000_000, rows)
    stamp = pyarrow.timestamp("us", "UTC")
    events = {
        "id": numpy.arange(rows),
        "card": random.integers(0, max(rows // 100, 1), rows),
        "amount": random.normal(50.0, 20.0, rows).round(2),
        "at": pyarrow.array(at).cast(pyarrow.int64()).view(stamp),
        "known_at": pyarrow.array(at + random.integers(0, 60_000_000, rows)).view(stamp),
    }
    pyarrow.parquet.write_table(pyarrow.table(events), folder / "txn.parquet")
    asked = max(rows // 20, 1)
    spine = {
        "card": random.integers(0, max(rows // 100, 1), asked),
        "timestamp": pyarrow.array(start + random.integers(0, 30 * 86_400_000_000, asked)).view(stamp),
    }
    pyarrow.parquet.write_table(pyarrow.table(spine), folder / "spine.parquet")
    (folder / "shop.feat").write_text(PROGRAM)


def spent(words: list[str], folder: pathlib.Path) -> float:
    """Processor seconds of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def say(**what: object) -> None:
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in what.items()}), flush=True)


def in_turns(kinds: list, at: int) -> list:
    """Which goes first changes from round to round."""
    return kinds[at % len(kinds) :] + kinds[: at % len(kinds)]


def files(folder: pathlib.Path, args: argparse.Namespace) -> None:
    import pyarrow.parquet

    binary = str(pathlib.Path(os.environ.get("FEATC_BIN", "target/debug/featc")).resolve())
    ours = [binary, "train", "shop.feat", "--service=risk", "--spine=spine.parquet", "--source=txn=txn.parquet", "--out=theirs.parquet"]
    python = [sys.executable, "-c"]
    kinds = {"featc": ours, "python": [*python, TRAIN], "empty": [*python, "pass"], "import": [*python, "import featc"]}
    rounds = []
    for pair in range(args.pairs):
        rounds.append({kind: spent(kinds[kind], folder) for kind in in_turns(list(kinds), pair)})
        say(rows=args.rows, **rounds[-1], ratio=rounds[-1]["python"] / rounds[-1]["featc"])
    medians = {kind: statistics.median(one[kind] for one in rounds) for kind in kinds}
    ratio = statistics.median(one["python"] / one["featc"] for one in rounds)
    # What is left when the import, and the start of the interpreter, are not counted.
    without = statistics.median((one["python"] - medians["import"]) / one["featc"] for one in rounds)
    mine, theirs = (pyarrow.parquet.read_table(folder / f"{whose}.parquet") for whose in ("mine", "theirs"))
    say(medians=medians, median_ratio=ratio, without_start_and_import=without, equal=mine.equals(theirs))


def frames(folder: pathlib.Path, args: argparse.Namespace) -> None:
    rounds: dict = {"memory": [], "parquet": []}
    for pair in range(args.pairs):
        for kind in in_turns(list(rounds), pair):
            done = subprocess.run([sys.executable, "-c", IN_MEMORY, kind], cwd=folder, check=True, capture_output=True, text=True)
            rounds[kind].append(json.loads(done.stdout))
            say(**rounds[kind][-1])
    for name in ("cpu_s", "wall_s", "grown_mb"):
        say(what=name, **{kind: statistics.median(one[name] for one in rounds[kind]) for kind in rounds})
    pairs = zip(rounds["memory"], rounds["parquet"])
    say(memory_to_parquet_cpu=statistics.median(one["cpu_s"] / other["cpu_s"] for one, other in pairs))


def against_polars(data: pathlib.Path, args: argparse.Namespace) -> None:
    sys.path.insert(0, str(HERE / "side-by-side"))
    import featc
    import peer_polars
    import polars
    import program as asked
    import pyarrow.parquet

    events = pyarrow.parquet.read_table(data / "events_10m.parquet")
    spine = pyarrow.parquet.read_table(data / "spine_10m_1m.parquet")
    orders = featc.Program(asked.BASE)
    job = {"events": polars.from_arrow(events), "spine": polars.from_arrow(spine), "format": "frames", "ask": asked.Ask(), "copies": False}

    def ours():
        return orders.train("orders_v1", spine, sources={"orders": events}, truth="complete", at_column="ts", zone="UTC", progress=False).to_polars()

    rounds, found = [], {}
    for pair in range(args.pairs):
        took = {}
        for kind, work in in_turns([("featc", ours), ("polars", lambda: peer_polars.rolling(job))], pair):
            used, began = time.process_time(), time.monotonic()
            found[kind] = work()
            took |= {kind: time.monotonic() - began, f"{kind}_cpu": time.process_time() - used}
        rounds.append(took)
        say(**took, ratio=took["featc"] / took["polars"], ratio_cpu=took["featc_cpu"] / took["polars_cpu"])
    mine, theirs = (found[kind].sort("row_id") for kind in ("featc", "polars"))
    counts = [column for column in theirs.columns if column.startswith("n_")]
    equal = all(mine[f"spend__{name}"].fill_null(0).equals(theirs[name].cast(polars.Int64).fill_null(0)) for name in counts)
    medians = {kind: statistics.median(one[kind] for one in rounds) for kind in rounds[0]}
    say(medians=medians, ratio=statistics.median(one["featc"] / one["polars"] for one in rounds), ratio_cpu=statistics.median(one["featc_cpu"] / one["polars_cpu"] for one in rounds), equal_counts=equal, counts=len(counts))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=["files", "frames", "polars"])
    options.add_argument("data", nargs="?", type=pathlib.Path)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--pairs", type=int, default=5)
    args = options.parse_args()
    if args.what == "polars":
        against_polars(args.data.resolve(), args)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder, args.rows)
        {"files": files, "frames": frames}[args.what](folder, args)


if __name__ == "__main__":
    main()
