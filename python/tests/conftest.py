"""Programs, rows and the command line that results are compared with."""

import os
import pathlib
import subprocess

import pyarrow
import pyarrow.parquet
import pytest

import featc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLIGHTS = ROOT / "examples" / "flights"

SHOP = """
module shop

entity card (card: int64)

/// Payments.
source txn {
  columns (
    id: int64,
    card: int64,
    amount: float64?,
    price: decimal(12, 2)?,
    shop: string?,
    paid: bool?,
    day: date?,
    took: duration?,
    n: int64?,
    at: timestamp,
    known_at: timestamp,
  )
  unique id
  time at
  arrival known_at
  lateness 1d
}

/// What a card does.
view spend of card from txn {
  owner "payments"
  tags [money]

  /// Sum of amounts.
  feature total = sum(amount) over [1h, 1d]
  /// Payments.
  feature times = count() over 1d
  /// Sum of prices, exact.
  feature price = sum(price) over 1d
  /// The last shop.
  feature shop = last(shop) over 1d
  /// Whether the last one was paid.
  feature paid = last(paid) over 1d
  /// The first day.
  feature day = min(day) over 1d
  /// The longest.
  feature took = max(took) over 1d
  /// The last instant.
  feature seen = max(at) over 1d
  /// The sum of n, which may be too much.
  feature n = sum(n) over 1d
  /// The last three amounts.
  feature recent = last_n(amount, 3) over 1d
  /// Shops.
  feature shops = count_distinct(shop) over 1d cap 2
}

/// What the model reads.
service risk {
  spend.*
}
"""


@pytest.fixture(scope="session")
def shop():
    return featc.Program(SHOP)


def stamps(values):
    return pyarrow.array([None if v is None else v * 1_000_000 + 1_714_550_400_000_000 for v in values], pyarrow.timestamp("us", "UTC"))


def payments(rows=400):
    """Payments with nulls of every column, NaN, −0.0 and values that overflow."""
    import decimal

    def some(values, every):
        return [None if i % every == every - 1 else v for i, v in enumerate(values)]

    numbers = list(range(rows))
    amounts = [float("nan") if i % 31 == 7 else -0.0 if i % 29 == 3 else i * 0.1 for i in numbers]
    return pyarrow.table(
        {
            "id": pyarrow.array(numbers, pyarrow.int64()),
            "card": pyarrow.array([i % 7 for i in numbers], pyarrow.int64()),
            "amount": pyarrow.array(some(amounts, 11), pyarrow.float64()),
            "price": pyarrow.array(some([decimal.Decimal(i * 37) / 100 for i in numbers], 13), pyarrow.decimal128(12, 2)),
            "shop": pyarrow.array(some([f"shop {i % 5}" for i in numbers], 6), pyarrow.string()),
            "paid": pyarrow.array(some([i % 2 == 0 for i in numbers], 5), pyarrow.bool_()),
            "day": pyarrow.array(some([19_000 + i for i in numbers], 9), pyarrow.date32()),
            "took": pyarrow.array(some([i * 1_000_001 for i in numbers], 8), pyarrow.duration("us")),
            "n": pyarrow.array(some([2**62 if i % 50 == 0 else i for i in numbers], 10), pyarrow.int64()),
            "at": stamps([i * 60 for i in numbers]),
            "known_at": stamps([i * 60 + 5 for i in numbers]),
        }
    )


def questions(rows=120):
    return pyarrow.table(
        {
            "number": pyarrow.array(range(rows), pyarrow.int32()),
            "card": pyarrow.array([i % 9 for i in range(rows)], pyarrow.int64()),
            "timestamp": stamps([i * 200 + 11 for i in range(rows)]),
        }
    )


class CommandLine:
    """The binary `featc`, which pytest compares with."""

    def __init__(self, folder):
        self.folder = folder
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        self.binary = os.environ.get("FEATC_BIN", str(target / "debug" / "featc"))
        assert pathlib.Path(self.binary).is_file(), f"no binary at {self.binary}: `cargo build -p featc`, or set FEATC_BIN"

    def __call__(self, *words, code=0):
        done = subprocess.run([self.binary, *map(str, words)], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done

    def train(self, spine, source, *words, service="risk", program=SHOP):
        """The file that `featc train` writes from the same rows in Parquet files."""
        (self.folder / "shop.feat").write_text(program)
        pyarrow.parquet.write_table(spine, self.folder / "spine.parquet")
        pyarrow.parquet.write_table(source, self.folder / "txn.parquet")
        self("train", "shop.feat", f"--service={service}", "--spine=spine.parquet", "--source=txn=txn.parquet", "--out=out.parquet", *words)
        return pyarrow.parquet.read_table(self.folder / "out.parquet")


@pytest.fixture
def command_line(tmp_path):
    return CommandLine(tmp_path)


def bits(column):
    """A column as values that are equal only if their bits are."""
    import struct

    def of(value):
        if isinstance(value, float):
            return struct.pack("<d", value)
        return [of(item) for item in value] if isinstance(value, list) else value

    return [of(value) for value in column.to_pylist()]


def assert_same(left, right, types=True):
    """Equal names, types and bits."""
    left, right = pyarrow.table(left), pyarrow.table(right)
    assert left.column_names == right.column_names
    for name in left.column_names:
        if types:
            assert left.schema.field(name).type == right.schema.field(name).type, name
            assert left.schema.field(name).nullable == right.schema.field(name).nullable, name
        assert bits(left[name]) == bits(right[name]), name
