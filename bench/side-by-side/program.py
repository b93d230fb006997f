"""What is asked: windows, aggregates and filters, as a `.feat` program and as a list that every peer reads.

The base is `orders.feat`: count, sum, mean and max over four windows and the last value, 17 features. The curves vary the
windows and repeat the four aggregates under filters. Standard library only: the process that measures imports this.
"""
import dataclasses
import pathlib

BASE = pathlib.Path(__file__).with_name("orders.feat")
UNITS = {"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
WINDOWS = {
    1: ("30d",),
    2: ("1d", "30d"),
    4: ("1h", "1d", "7d", "30d"),
    8: ("1h", "6h", "1d", "3d", "7d", "14d", "21d", "30d"),
    16: ("15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d", "2d", "3d", "5d", "7d", "10d", "14d", "21d", "30d"),
}
# Name, column, operator, value. The first one is no filter.
FILTERS = (
    None,
    ("done", "status", "=", "completed"),
    ("open", "status", "=", "pending"),
    ("back", "status", "=", "refunded"),
    ("failed", "status", "=", "failed"),
    ("shop1", "merchant_id", "<", 500),
    ("shop2", "merchant_id", "<", 2000),
    ("shop3", "merchant_id", "<", 5000),
    ("shop4", "merchant_id", "<", 10000),
    ("dear1", "amount", ">=", 10.0),
    ("dear2", "amount", ">=", 25.0),
    ("dear3", "amount", ">=", 50.0),
)
AGGREGATES = {"n": "count", "total": "sum", "mean": "mean", "peak": "max"}
# Of values in order; the quantile is the value at ⌈0.95 · n⌉.
RANKED = {"middle": "median", "tail": "quantile"}
# Of the last values and of the most frequent ones (of several the least): the fifth from the end.
CHOSEN = {"fifth": "fifth", "often": "mode"}
CALLS = AGGREGATES | RANKED | CHOSEN
COLUMN_TYPES = {"status": "string", "merchant_id": "int64", "amount": "float64", "cents": "int64"}
# What the table of versions says of a merchant at the time of an order, in place of a column of the log.
FEE = "fee"
FEES = """/// What a merchant pays per order, a row per version.
table fees {
  columns (merchant_id: int64, fee: float64, since: timestamp, known_at: timestamp)
  key merchant_id
  valid from since
  arrival known_at
  zone "UTC"
  batch parquet "fees.parquet"
}

/// Orders, and what their merchants paid.
transform priced from orders {
  let fee = lookup fees(merchant_id).fee
}

"""


def length(window):
    """The length of a window in microseconds."""
    return int(window[:-1]) * UNITS[window[-1]]


@dataclasses.dataclass(frozen=True)
class Ask:
    """A set of features: `filters` many filters times `aggregates` times `windows`, `least` many minima, and the last value."""

    windows: tuple = WINDOWS[4]
    filters: int = 1
    least: int = 0
    column: str = "amount"
    aggregates: tuple = tuple(AGGREGATES)

    def features(self):
        """Every feature over a window: (name, SQL aggregate, filter or None, window)."""
        every = []
        for a in self.aggregates:
            for f in FILTERS[: self.filters]:
                every += [(named(a, f, w), CALLS[a], f, w) for w in self.windows]
        for f, windows in self.minima():
            every += [(named("least", f, w), "min", f, w) for w in windows]
        return every

    def minima(self):
        """The minima, first over all rows, then over completed ones: (filter, windows)."""
        n = len(self.windows)
        parts = ((None, self.windows[: self.least]), (FILTERS[1], self.windows[: max(self.least - n, 0)]))
        return [(f, w) for f, w in parts if w]

    def count(self):
        return len(self.features()) + 1

    def columns(self):
        """The columns of an event that are read besides key, identity and times."""
        used = [f[1] for f in FILTERS[: self.filters] if f] + (["status"] if self.least > len(self.windows) else [])
        return [self.column] + sorted(set(used) - {self.column})

    def json(self):
        return dataclasses.asdict(self)


def ask(json):
    return Ask(tuple(json["windows"]), json["filters"], json["least"], json["column"], tuple(json["aggregates"]))


def named(aggregate, filter_, *window):
    return "_".join([aggregate, *(filter_ or ())[:1], *window])


def condition(f, quote):
    """`status = "completed"` for featc, `status = 'completed'` for SQL."""
    _, column, operator, value = f
    return f"{column} {operator} {quote}{value}{quote}" if isinstance(value, str) else f"{column} {operator} {value}"


def feat(ask_):
    """The program in featc's language; the base one is the file itself."""
    base = BASE.read_text()
    if ask_ == Ask():
        return base
    head, rest = base.split("/// What a customer has spent.", 1)
    looks_up = ask_.column == FEE
    read = ["merchant_id" if c == FEE else c for c in ask_.columns()]
    columns = "".join(f"    {c}: {COLUMN_TYPES[c]},\n" for c in read)
    head = head.replace("    amount: float64,\n", columns)
    tail = rest[rest.index("service orders_v1") :]
    lines = []

    def feature(stem, call, f, windows):
        label = named(stem, f)
        argument = {"count": "", "quantile": f"{ask_.column}, 0.95", "fifth": f"{ask_.column}, 5"}.get(call, ask_.column)
        name, item = ("last_n", "[-5]") if call == "fifth" else (call, "")
        where = f"where {condition(f, chr(34))}" if f else ""
        inside = " ".join(part for part in (argument, where) if part)
        lines.append(f"  /// {label}.\n  feature {label} = {name}({inside}){item} over [{', '.join(windows)}]\n")

    for aggregate in ask_.aggregates:
        for f in FILTERS[: ask_.filters]:
            feature(aggregate, CALLS[aggregate], f, ask_.windows)
    for f, windows in ask_.minima():
        feature("least", "min", f, windows)
    lines.append(f"  /// The newest order.\n  feature last_amount = last({ask_.column}) over lifetime\n")
    head, rows = (head + FEES, "priced") if looks_up else (head, "orders")
    return f'{head}/// What a customer has spent.\nview spend of customer from {rows} {{\n  owner "shop"\n\n{"".join(lines)}}}\n\n{tail}'
