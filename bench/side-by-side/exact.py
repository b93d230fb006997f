"""The exact answers, by arithmetic that has nothing in common with featc's.

Amounts are whole multiples of 2^-59 below 2^20, so that each is split into two integers without loss; prefix sums of integers
are exact, and the sum of two exactly representable doubles is rounded once, correctly. `slow` is the obvious twin:
`math.fsum` and `fractions` over the events of one row.
"""
import fractions
import math
import operator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import program

LOW_BITS, UNIT_BITS = 39, 59
COMPARE = {"=": operator.eq, "<": operator.lt, ">=": operator.ge}


def read(path, columns, users=None):
    """Columns as arrays; with `users`, a sample (remainder, modulus): only customers of that residue."""
    file, parts = pq.ParquetFile(path), []
    for group in range(file.num_row_groups):
        part = file.read_row_group(group, columns=columns)
        if users:
            part = part.filter(pa.array(part["user_id"].to_numpy() % users[1] == users[0]))
        parts.append(part)
    table = pa.concat_tables(parts)
    return {c: strings(table[c]) if pa.types.is_string(table[c].type) else plain(table[c]) for c in columns}


def plain(column):
    return (column.cast("int64") if pa.types.is_timestamp(column.type) else column).to_numpy()


def strings(column):
    return np.asarray(column.to_numpy(zero_copy_only=False))


class Log:
    """Events by customer, instant and identity, and for every question the range of events before it and in each window."""

    def __init__(self, events, questions, column, extra, truth, users, versions=None):
        own = "merchant_id" if column == program.FEE else column
        names = ["user_id", "event_ts", "event_id", own] + sorted({"ingest_ts", *extra} - {column, own})
        data = read(events, names, users)
        if column == program.FEE:
            data[column] = fees(versions, data["merchant_id"], data["event_ts"])
        order = np.lexsort((data["event_id"], data["event_ts"], data["user_id"]))
        data = {name: values[order] for name, values in data.items()}
        asked = read(questions, ["row_id", "user_id", "ts"], users)
        self.row, self.user, self.ts = asked["row_id"], asked["user_id"], asked["ts"]
        self.at, self.known, self.data = data["event_ts"], data["ingest_ts"], data
        self.value = data[column]
        self.first = np.searchsorted(data["user_id"], self.user, "left")
        self.end = np.searchsorted(data["user_id"], self.user, "right")
        self.upto = self.position(self.ts)
        self.odd = self.rows_with_unknown() if truth == "as-of-arrival" else np.zeros(0, np.int64)

    def position(self, instants):
        """For every question: how many events (of the whole log) lie before its customer's first event after the instant."""
        low, high = self.first.copy(), self.end.copy()
        while True:
            open_ = np.flatnonzero(low < high)
            if not len(open_):
                return low
            middle = (low[open_] + high[open_]) // 2
            before = self.at[middle] <= instants[open_]
            low[open_[before]] = middle[before] + 1
            high[open_[~before]] = middle[~before]

    def rows_with_unknown(self):
        """Questions for which some event had happened but not arrived; these are answered by the slow twin."""
        longest = int((self.known - self.at).max(initial=0))
        oldest, event = self.position(self.ts - longest), self.upto - 1
        left, odd = np.arange(len(self.ts)), []
        while len(left):
            left = left[event[left] >= oldest[left]]
            unknown = self.known[event[left]] > self.ts[left]
            odd.append(left[unknown])
            left = left[~unknown]
            event[left] -= 1
        return np.sort(np.concatenate(odd))

    def slow(self, row, window, aggregate, where):
        """One answer, from the events themselves."""
        inside = np.arange(self.first[row], self.end[row])
        at, known = self.at[inside], self.known[inside]
        keep = (at <= self.ts[row]) & where[inside]
        if window is not None:
            keep &= at > self.ts[row] - window
        if len(self.odd):
            keep &= known <= self.ts[row]
        values = self.value[inside[keep]].tolist()
        if aggregate == "count" or not values:
            return float(len(values)) if aggregate == "count" else math.nan
        if aggregate == "fifth":
            return float(values[-5]) if len(values) >= 5 else math.nan
        if aggregate == "mode":
            return float(max(sorted(set(values)), key=values.count))
        if aggregate == "median":
            return float(sum(map(fractions.Fraction, sorted(values)[(len(values) - 1) // 2 : len(values) // 2 + 1])) / (2 - len(values) % 2))
        if aggregate == "quantile":
            return float(sorted(values)[-(-95 * len(values) // 100) - 1])
        if aggregate == "mean":
            return float(sum(map(fractions.Fraction, values)) / len(values))
        return float({"sum": exact_sum, "max": max, "min": min, "last": lambda v: v[-1]}[aggregate](values))


def exact_sum(values):
    return sum(values) if isinstance(values[0], int) else math.fsum(values)


class Sums:
    """Exact sums of ranges of one filtered column."""

    def __init__(self, values, where):
        self.whole = values.dtype.kind == "i"
        kept = np.where(where, values, 0)
        self.count = np.concatenate([[0], np.cumsum(where, dtype=np.int64)])
        if self.whole:
            self.high = np.concatenate([[0], np.cumsum(kept)])
            return
        high = np.floor(kept * 2.0 ** (UNIT_BITS - LOW_BITS))
        low = (kept - high * 2.0 ** (LOW_BITS - UNIT_BITS)) * 2.0**UNIT_BITS
        if (low != np.floor(low)).any() or (kept < 0).any() or (kept >= 2.0**20).any():
            raise ValueError("amounts are not whole multiples of 2^-59 between 0 and 2^20")
        self.high = np.concatenate([[0], np.cumsum(high.astype(np.int64))])
        # Wraps; differences do not. A plain 0 before it would make the whole array one of doubles.
        self.low = np.concatenate([np.zeros(1, np.uint64), np.cumsum(low.astype(np.uint64), dtype=np.uint64)])

    def parts(self, start, end):
        high = self.high[end] - self.high[start]
        if self.whole:
            return high, np.zeros_like(high)
        low = (self.low[end] - self.low[start]).astype(np.int64)
        high, low = high + (low >> LOW_BITS), low & ((1 << LOW_BITS) - 1)
        assert high.max(initial=0) < 1 << 53
        return high, low

    def sum(self, start, end):
        high, low = self.parts(start, end)
        if self.whole:
            return high.astype(np.float64)
        return high.astype(np.float64) * 2.0 ** (LOW_BITS - UNIT_BITS) + low.astype(np.float64) * 2.0**-UNIT_BITS

    def mean(self, start, end, n):
        """Quotients of integers, which Python rounds once."""
        high, low = self.parts(start, end)
        shift, unit = (0, 0) if self.whole else (LOW_BITS, UNIT_BITS)
        pairs = zip(high.tolist(), low.tolist(), n.tolist())
        return np.array([((h << shift) + l) / (k << unit) if k else math.nan for h, l, k in pairs])


def peaks(values, where, start, end, largest):
    """The largest (or least) value of each range, by doubling: levels of a sparse table, two at a time."""
    sign = 1.0 if largest else -1.0
    level = np.where(where, values * sign, -np.inf)
    size = np.maximum(end - start, 1)
    power = np.frexp(size.astype(np.float64))[1] - 1
    best = np.full(len(start), -np.inf)
    for k in range(int(power.max(initial=0)) + 1):
        now = np.flatnonzero((power == k) & (end > start))
        best[now] = np.maximum(level[start[now]], level[end[now] - (1 << k)])
        step = 1 << k
        level = np.concatenate([np.maximum(level[:-step], level[step:]), level[-step:]])
    return np.where(np.isinf(best), math.nan, best * sign)


def middle(values, places):
    """Between two places in order: the sum of two doubles below 2^20 is exact or rounded once, and so is its half."""
    low, high = np.partition(values, sorted(set(places)))[places].tolist()
    return (low + high) / 2


def mode(values):
    different, counts = np.unique(values, return_counts=True)
    return different[counts.argmax()]


# Of the values of a range in order of time, at least one.
PICKS = {
    "median": lambda values: middle(values, [(len(values) - 1) // 2, len(values) // 2]),
    "quantile": lambda values: middle(values, [-(-95 * len(values) // 100) - 1] * 2),
    "fifth": lambda values: values[-5] if len(values) >= 5 else math.nan,
    "mode": mode,
}


def picked(values, where, start, end, aggregate):
    """A value of each range, or one between two of them."""
    found = np.full(len(start), math.nan)
    for row in np.flatnonzero(end > start):
        inside = values[start[row] : end[row]][where[start[row] : end[row]]]
        if len(inside):
            found[row] = PICKS[aggregate](inside)
    return found


def fees(path, merchants, instants):
    """The fee of each merchant at an instant: the version with the greatest `since` that is not later."""
    table = read(path, ["merchant_id", "since", "fee"])
    origin = table["since"].min()
    key = lambda merchant, at: (merchant.astype(np.int64) << 44) + (at - origin)
    versions = key(table["merchant_id"], table["since"])
    order = np.argsort(versions)
    at = np.searchsorted(versions[order], key(merchants, instants), "right") - 1
    found = order[np.maximum(at, 0)]
    known = (at >= 0) & (table["merchant_id"][found] == merchants) & (instants >= origin)
    return np.where(known, table["fee"][found], math.nan)


def mask(log, f):
    """Which events are true under a filter."""
    if f is None:
        return np.ones(len(log.at), bool)
    return COMPARE[f[2]](log.data[f[1]], f[3])
