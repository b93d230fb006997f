"""The data: a log of orders in arrival order and questions about it, with fixed seeds, in bounded memory.

    generate.py events OUT.parquet N              events of N / 10 customers over 90 days
    generate.py spine EVENTS.parquet OUT N ROWS   questions about that log
    generate.py fees OUT N                        versions of what the merchants of a log of N events pay
    generate.py variant KIND IN.parquet OUT       sorted, shuffled, random-ids, copies, csv (of events); sorted-spine; hot (of both)

Customers follow the law of Zipf and Mandelbrot, P(k) ~ 1 / (k + 50): the hottest has 0.2 % of 10 million orders. An order
arrives some seconds after it happened (log-normal, median 5 s, at most some hours), so event times are out of order in the
file. 0.2 % of the orders have customer and instant of another one. 1 % of the questions are asked at the very instant of
an order, 1 % exactly one window after it: both edges of the windows are hit.
"""
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

SEED = 20260731
US = 1_000_000
BEGIN = 1_767_225_600 * US  # 2026-01-01T00:00:00Z
DAY = 86_400 * US
DAYS = 90
CHUNK = 2_000_000
STATUS = np.array(["completed", "pending", "refunded", "failed"])
EDGES = np.array([3600 * US, DAY, 7 * DAY, 30 * DAY])
GROUP = 1 << 20
MERCHANTS = 20_000


def rng(*key):
    return np.random.Generator(np.random.PCG64([SEED, *key]))


class Customers:
    """Draws customers: rank by the inverse of the continuous law, then a fixed shuffle of ranks."""

    def __init__(self, events):
        self.count = max(events // 10, 1)
        self.ids = rng(events, 0).permutation(self.count) + 1

    def draw(self, random, n):
        q = 50.0
        rank = (q * np.exp(random.random(n) * np.log((q + self.count) / q)) - q).astype(np.int64)
        return self.ids[np.minimum(rank, self.count - 1)].astype(np.int64)


def stamp(us):
    return pa.array(us, pa.int64()).cast(pa.timestamp("us"))


def writer(path, schema, order=None):
    columns = pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in order]) if order else None
    return pq.ParquetWriter(path, schema, compression="zstd", sorting_columns=columns)


def chunk(random, customers, first, last, n):
    """`n` orders that happen in [first, last), in no order."""
    user = customers.draw(random, n)
    at = first + (random.random(n) * ((last - first) // 1000)).astype(np.int64) * 1000
    ties = n // 500
    to, source = random.choice(n, ties, replace=False), random.integers(0, n, ties)
    user[to], at[to] = user[source], at[source]
    return {
        "user": user,
        "at": at,
        "cents": np.rint(random.lognormal(3.2, 1.1, n) * 100).astype(np.int64),
        "merchant": (random.random(n) ** 2 * MERCHANTS).astype(np.int32),
        "status": random.choice(4, n, p=[0.90, 0.05, 0.03, 0.02]),
        "known": at + (random.lognormal(np.log(5.0), 1.6, n) * US).astype(np.int64),
    }


def table(part, first_id):
    n = len(part["user"])
    return pa.table({
        "event_id": np.arange(first_id, first_id + n, dtype=np.int64),
        "user_id": part["user"],
        "merchant_id": part["merchant"],
        "amount": part["cents"] / 100.0,
        "cents": part["cents"],
        "status": pa.array(STATUS[part["status"]], pa.string()),
        "event_ts": stamp(part["at"]),
        "ingest_ts": stamp(part["known"]),
    })


def events(path, total):
    customers = Customers(total)
    chunks = -(-total // CHUNK)
    edges = [BEGIN + DAYS * DAY * i // chunks // 1000 * 1000 for i in range(chunks + 1)]
    kept, written, out = None, 0, None
    for i in range(chunks):
        n = total * (i + 1) // chunks - total * i // chunks
        part = chunk(rng(total, 1, i), customers, edges[i], edges[i + 1], n)
        if kept:
            part = {name: np.concatenate([kept[name], values]) for name, values in part.items()}
        order = np.argsort(part["known"], kind="stable")
        # What arrives after the end of this slice of time waits for the next: the file is in order of arrival throughout.
        ready = len(order) if i + 1 == chunks else int((part["known"] < edges[i + 1]).sum())
        kept = {name: values[order[ready:]] for name, values in part.items()}
        rows = table({name: values[order[:ready]] for name, values in part.items()}, written)
        out = out or writer(path, rows.schema)
        out.write_table(rows, row_group_size=GROUP)
        written += ready
    out.close()


def spine(source, path, total, rows):
    random, customers = rng(total, 2, rows), Customers(total)
    user = customers.draw(random, rows)
    at = BEGIN + 30 * DAY + (random.random(rows) * ((DAYS - 30) * DAY // 1000)).astype(np.int64) * 1000
    edge = rows // 100
    hit = np.sort(random.integers(0, total, 2 * edge))
    users, times, seen, file = [], [], 0, pq.ParquetFile(source)
    for group in range(file.num_row_groups):
        part = file.read_row_group(group, columns=["user_id", "event_ts"])
        inside = hit[(hit >= seen) & (hit < seen + part.num_rows)] - seen
        users.append(part["user_id"].to_numpy()[inside])
        times.append(part["event_ts"].cast("int64").to_numpy()[inside])
        seen += part.num_rows
    mixed = random.permutation(2 * edge)
    users, times = np.concatenate(users)[mixed], np.concatenate(times)[mixed]
    to = random.choice(rows, 2 * edge, replace=False)
    user[to] = users
    at[to] = times + np.concatenate([np.zeros(edge, np.int64), EDGES[random.integers(0, 4, edge)]])
    made = pa.table({"row_id": np.arange(rows, dtype=np.int64), "user_id": user, "ts": stamp(at)})
    with writer(path, made.schema) as out:
        out.write_table(made, row_group_size=GROUP)


def fees(path, total):
    """Five versions per merchant: one from the beginning on, the others at any time; known when they begin, at the latest."""
    random = rng(total, 4)
    merchant = np.repeat(np.arange(MERCHANTS, dtype=np.int64), 5)
    since = BEGIN + (random.random(len(merchant)) * (DAYS * DAY // 1000)).astype(np.int64) * 1000
    since[::5] = BEGIN
    known = since - (random.random(len(merchant)) * DAY).astype(np.int64)
    fee = np.rint(random.random(len(merchant)) * 1000) / 100.0
    mixed = random.permutation(len(merchant))
    made = pa.table({"merchant_id": merchant, "fee": fee, "since": stamp(since), "known_at": stamp(known)}).take(pa.array(mixed))
    with writer(path, made.schema) as out:
        out.write_table(made, row_group_size=GROUP)


def variant(kind, source, path):
    if kind == "csv":
        file = pq.ParquetFile(source)
        with pyarrow.csv.CSVWriter(path, file.schema_arrow, write_options=pyarrow.csv.WriteOptions(quoting_style="none")) as out:
            for group in range(file.num_row_groups):
                out.write_table(file.read_row_group(group))
        return
    rows, order = pq.read_table(source), None
    random = rng(rows.num_rows, 3)
    if kind == "sorted":
        order = ["user_id", "event_ts", "event_id"]
    elif kind == "sorted-spine":
        order = ["user_id", "ts"]
    elif kind == "shuffled":
        rows = rows.take(pa.array(random.permutation(rows.num_rows)))
    elif kind == "random-ids":
        ids = rows["event_id"].to_numpy().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) & np.uint64((1 << 62) - 1)
        rows = rows.set_column(0, "event_id", pa.array(ids.astype(np.int64)))
    elif kind == "hot":
        # Half of all rows are one customer's.
        user = rows["user_id"].to_numpy().copy()
        user[random.random(len(user)) < 0.5] = 1
        rows = rows.set_column(rows.schema.get_field_index("user_id"), "user_id", pa.array(user))
    elif kind == "copies":
        again = rows.take(pa.array(np.sort(random.choice(rows.num_rows, rows.num_rows // 100, replace=False))))
        later = again["ingest_ts"].cast("int64").to_numpy() + random.integers(0, 3600 * US, again.num_rows)
        again = again.set_column(again.schema.get_field_index("ingest_ts"), "ingest_ts", stamp(later))
        rows = pa.concat_tables([rows, again])
        rows = rows.take(pc.sort_indices(rows, [("ingest_ts", "ascending")]))
    else:
        sys.exit(f"no variant {kind}")
    if order:
        rows = rows.sort_by([(name, "ascending") for name in order])
    with writer(path, rows.schema, order) as out:
        out.write_table(rows, row_group_size=GROUP)


def main():
    what, *rest = sys.argv[1:]
    if what == "events":
        path, work = rest[0], lambda aside: events(aside, int(rest[1]))
    elif what == "fees":
        path, work = rest[0], lambda aside: fees(aside, int(rest[1]))
    elif what == "spine":
        path, work = rest[1], lambda aside: spine(rest[0], aside, int(rest[2]), int(rest[3]))
    else:
        path, work = rest[2], lambda aside: variant(rest[0], rest[1], aside)
    aside = f"{path}.part"
    work(aside)
    os.replace(aside, path)


if __name__ == "__main__":
    main()
