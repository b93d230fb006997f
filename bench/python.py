"""The Python package against the command line: processor time on the same Parquet files, paired; and rows in memory.

    FEATC_BIN=target/debug/featc python bench/python.py [--rows 10000000] [--pairs 5]

Needs the package `featc`, numpy and pyarrow. Prints, as JSON lines: per pair the processor seconds of `featc train` and of
`Program.train_to` in a process of its own (the import is in it); then for rows in memory the processor seconds of `train`
over Arrow tables and over the Parquet files, and by how much the resident memory grew while the tables were read, beside
the bytes of the tables.
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
import json, resource, sys, threading, time
import featc, pyarrow.parquet

def peak():
    # Of this program alone: what getrusage says is that of the process before it, too.
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

program = featc.Program("shop.feat")
spine = pyarrow.parquet.read_table("spine.parquet")
source = "txn.parquet"
tables = 0
if sys.argv[1] == "memory":
    source = pyarrow.parquet.read_table("txn.parquet", use_threads=False)
    tables = source.nbytes
before, began, wall = peak(), seconds(), time.monotonic()
program.train("risk", spine, sources={"txn": source}, progress=False)
print(json.dumps({"from": sys.argv[1], "cpu_s": round(seconds() - began, 2), "wall_s": round(time.monotonic() - wall, 2), "tables_mb": tables >> 20, "grown_mb": (peak() - before) >> 20}))
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


def main() -> None:
    import pyarrow.parquet

    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--pairs", type=int, default=5)
    args = options.parse_args()
    binary = str(pathlib.Path(os.environ.get("FEATC_BIN", "target/debug/featc")).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder, args.rows)
        ours = [binary, "train", "shop.feat", "--service=risk", "--spine=spine.parquet", "--source=txn=txn.parquet", "--out=theirs.parquet"]
        ratios = []
        for pair in range(args.pairs):
            both = {}
            # Which goes first changes from pair to pair.
            for kind, words in sorted({"featc": ours, "python": [sys.executable, "-c", TRAIN]}.items(), reverse=pair % 2 == 1):
                both[kind] = round(spent(words, folder), 2)
            ratios.append(both["python"] / both["featc"])
            print(json.dumps({"rows": args.rows, **both, "ratio": round(ratios[-1], 3)}), flush=True)
        mine, theirs = (pyarrow.parquet.read_table(folder / f"{whose}.parquet") for whose in ("mine", "theirs"))
        print(json.dumps({"median_ratio": round(statistics.median(ratios), 3), "equal": mine.equals(theirs)}), flush=True)
        for kind in ("parquet", "memory", "memory", "parquet"):
            print(subprocess.run([sys.executable, "-c", IN_MEMORY, kind], cwd=folder, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
