"""The cases: each is a list of entrants that run alternately, each entrant an engine with its data and settings.

An entrant with `x` is a point of a curve. Peers that take long run once per case (`rounds = 1`); featc runs every round.
"""
import dataclasses
import json
import os

from program import CHOSEN, FEE, WINDOWS, Ask

FEATC = "featc"
ROLLING, OVER, SUMS = "polars rolling", "polars over", "polars sums"
FLOOR = "duckdb sort"  # reads, sorts and writes as much, and computes nothing
FRAMES, JOIN = "duckdb frames", "duckdb join"
PANDAS, DATAFUSION = "pandas rolling", "datafusion frames"
M = 1_000_000


@dataclasses.dataclass(frozen=True)
class Data:
    events: int
    rows: int
    variant: str = ""  # of the log: sorted, shuffled, random-ids, copies, hot, csv
    spine: str = ""  # of the questions: sorted-spine, hot
    fees: bool = False  # whether the table of fees is read

    def log(self, folder):
        if self.variant == "csv":
            return f"{folder}/events_{short(self.events)}.csv"
        return f"{folder}/events_{short(self.events)}{'.' if self.variant else ''}{self.variant}.parquet"

    def versions(self, folder):
        return f"{folder}/fees_{short(self.events)}.parquet"

    def questions(self, folder):
        stem = f"{folder}/spine_{short(self.events)}_{short(self.rows)}"
        return f"{stem}{'.' if self.spine else ''}{self.spine}.parquet"


@dataclasses.dataclass(frozen=True)
class Entrant:
    engine: str
    data: Data
    x: object = ""
    ask: Ask = Ask()
    threads: int = 2
    memory: str = ""
    truth: str = "complete"
    rounds: int = 0  # 0: as many as the run has
    limit: float = 240.0  # seconds after which the run is given up

    def name(self):
        return f"{self.engine} {self.x}" if self.x != "" else self.engine


def short(n):
    for unit, size in (("m", M), ("k", 1000)):
        if n % size == 0:
            return f"{n // size}{unit}"
    return str(n)


def both(base, limit=240.0, **settings):
    """featc every round, and the two complete peers once."""
    peers = [Entrant(engine, base, rounds=1, limit=limit, **settings) for engine in (ROLLING, FRAMES)]
    return [Entrant(FEATC, base, **settings), *peers]


BIG, SMALL = Data(10 * M, M), Data(M, M // 10)
# One sum of what is looked up, and the newest of it: little beside the lookups themselves.
LOOKUP = Ask(windows=("30d",), aggregates=("total",), column=FEE)


def smoke():
    tiny = Data(20_000, 2_000)
    engines = (FEATC, ROLLING, OVER, SUMS, FLOOR, FRAMES, JOIN, PANDAS, DATAFUSION)
    wide = Ask(filters=12, least=7)
    entrants = [Entrant(engine, tiny) for engine in engines]
    entrants += [Entrant(engine, tiny, x="200 features", ask=wide) for engine in (FEATC, ROLLING, FRAMES, JOIN)]
    entrants += [Entrant(engine, tiny, x="cents", ask=Ask(column="cents")) for engine in (FEATC, ROLLING, FRAMES)]
    for variant in ("sorted", "shuffled", "random-ids", "copies", "csv"):
        data = dataclasses.replace(tiny, variant=variant)
        entrants += [Entrant(engine, data, x=variant) for engine in (FEATC, ROLLING, FRAMES)]
    entrants.append(Entrant(FEATC, dataclasses.replace(tiny, variant="sorted", spine="sorted-spine"), x="all sorted"))
    hot = dataclasses.replace(tiny, variant="hot", spine="hot")
    entrants += [Entrant(engine, hot, x="hot") for engine in (FEATC, ROLLING, FRAMES)]
    entrants.append(Entrant(FEATC, hot, x="hot, 32MB", memory="32MiB"))
    entrants += [Entrant(engine, tiny, x="ranks", ask=Ask(aggregates=("middle", "tail"))) for engine in (FEATC, ROLLING, FRAMES, JOIN)]
    chosen = Ask(aggregates=tuple(CHOSEN))
    entrants += [Entrant(engine, tiny, x="chosen", ask=chosen) for engine in (FEATC, ROLLING, FRAMES)]
    priced = dataclasses.replace(tiny, fees=True)
    entrants += [Entrant(engine, priced, x="fees", ask=LOOKUP) for engine in (FEATC, ROLLING, FRAMES)]
    entrants.append(Entrant(FEATC, tiny, x="as of arrival", truth="as-of-arrival"))
    entrants.append(Entrant(FEATC, tiny, x="64MB", memory="64MB"))
    return entrants


def events():
    for n in (1, 3, 10, 30, 100):
        data, limit = Data(n * M, n * M // 10), 600.0 if n > 10 else 240.0
        yield Entrant(FEATC, data, x=short(n * M), limit=limit)
        if n <= 30:
            yield Entrant(ROLLING, data, x=short(n * M), rounds=1, limit=limit)
        yield Entrant(FRAMES, data, x=short(n * M), rounds=1, limit=limit)


def rows():
    for n in (1_000, 10_000, 100_000, M):
        yield from both(Data(10 * M, n), x=short(n))


def windows():
    for n, lengths in WINDOWS.items():
        yield from both(BIG, x=n, ask=Ask(windows=lengths))


def ranks():
    ask = Ask(aggregates=("middle", "tail"))
    for engine in (FEATC, ROLLING, FRAMES):
        yield Entrant(engine, SMALL, ask=ask)


def chosen(aggregate):
    for engine in (FEATC, ROLLING, FRAMES):
        yield Entrant(engine, SMALL, ask=Ask(aggregates=(aggregate,)))


def lookups():
    yield from both(dataclasses.replace(BIG, fees=True), ask=LOOKUP)


def windows_sum():
    for n, lengths in WINDOWS.items():
        yield Entrant(FEATC, BIG, x=n, ask=Ask(windows=lengths, aggregates=("total",)))


def features():
    for ask in (Ask(), Ask(filters=3, least=1), Ask(filters=6, least=3), Ask(filters=12, least=7)):
        yield from both(BIG, x=ask.count(), ask=ask, limit=150.0)


def threads():
    for n in (1, 2):
        yield from both(BIG, x=n, threads=n)


def memory():
    for limit in ("64MB", "128MB", "256MB", "512MB", "1GB", ""):
        yield Entrant(FEATC, BIG, x=limit or "none", memory=limit)
        yield Entrant(FRAMES, BIG, x=limit or "none", memory=limit, rounds=1)


def hot():
    data = dataclasses.replace(BIG, variant="hot", spine="hot")
    yield from both(data, x="no limit")
    for limit in ("256MB", "64MB"):
        yield Entrant(FEATC, data, x=limit, memory=limit)
        yield Entrant(FRAMES, data, x=limit, memory=limit, rounds=1)
    yield Entrant(FEATC, data, x="256MB, as of arrival", memory="256MB", truth="as-of-arrival")


def order():
    yield from both(BIG, x="as they arrive")
    yield from both(dataclasses.replace(BIG, variant="shuffled"), x="shuffled file")
    yield from both(dataclasses.replace(BIG, variant="random-ids"), x="random ids")


def sorted_():
    yield from both(BIG, x="unsorted")
    yield from both(dataclasses.replace(BIG, variant="sorted"), x="sorted")
    yield Entrant(FEATC, dataclasses.replace(BIG, variant="sorted", spine="sorted-spine"), x="sorted, questions too")


CASES = {
    "w1-10m": (
        "10 M events, 1 M rows, 17 features",
        lambda: [*(Entrant(e, BIG) for e in (FEATC, ROLLING, FRAMES, SUMS, FLOOR)), Entrant(JOIN, BIG, rounds=1)],
    ),
    "w1-1m": (
        "1 M events, 100 k rows, 17 features",
        lambda: [*(Entrant(e, SMALL) for e in (FEATC, ROLLING, OVER, FRAMES, JOIN, SUMS, FLOOR)),
                 *(Entrant(e, SMALL, rounds=1) for e in (PANDAS, DATAFUSION))],
    ),
    "arrival": (
        "truth as of arrival against complete",
        lambda: [Entrant(FEATC, BIG, x=t, truth=t) for t in ("complete", "as-of-arrival")],
    ),
    "sorted": ("log sorted by customer and time, declared in Parquet", sorted_),
    "cents": (
        "float64 amounts against int64 cents",
        lambda: [*both(BIG, x="float64"), *both(BIG, x="int64", ask=Ask(column="cents"))],
    ),
    "memory": ("memory limit", memory),
    "hot": ("half of the events and of the questions are one customer's", hot),
    "threads": ("threads", threads),
    "windows": ("windows, four aggregates each", windows),
    "ranks": ("medians and quantiles of 1 M events, 100 k rows, 9 features", ranks),
    "last-n": ("the fifth last value of 1 M events, 100 k rows, 5 features", lambda: chosen("fifth")),
    "mode": ("the most frequent value of 1 M events, 100 k rows, 5 features", lambda: chosen("often")),
    "lookups": ("10 M events with a lookup into 100 k versions, 1 M rows, 2 features", lookups),
    "windows-sum": ("windows, one sum each", windows_sum),
    "features": ("features over four windows", features),
    "rows": ("rows over 10 M events", rows),
    "order": ("order of rows and identities in the file", order),
    "copies": ("1 % of the events twice", lambda: both(dataclasses.replace(BIG, variant="copies"), x="1 % copies")),
    "csv-1m": ("1 M events as CSV", lambda: both(dataclasses.replace(SMALL, variant="csv"))),
    "csv-10m": ("10 M events as CSV", lambda: both(dataclasses.replace(BIG, variant="csv"))),
    "events": ("events, a tenth as many rows", events),
    "smoke": ("everything once, tiny; not measured by default", smoke),
}


def entrants(case):
    return list(CASES[case][1]())


def command(entrant, places, out):
    """The command line of one run, and what to add to its environment. `places`: featc, python, data, here, program."""
    log, questions = entrant.data.log(places["data"]), entrant.data.questions(places["data"])
    if entrant.engine == FEATC:
        line = [places["featc"], "train", places["program"], "--service", "orders_v1", "--source", f"orders={log}",
                "--spine", questions, "--at-column", "ts", "--zone", "UTC", "--truth", entrant.truth,
                "--threads", str(entrant.threads), "--out", out]
        line += ["--source", f"fees={entrant.data.versions(places['data'])}"] if entrant.data.fees else []
        return line + (["--memory-limit", entrant.memory] if entrant.memory else []), {}
    library, method = entrant.engine.split()
    job = {"events": log, "spine": questions, "out": out, "format": "csv" if entrant.data.variant == "csv" else "parquet",
           "ask": entrant.ask.json(), "threads": entrant.threads, "memory": entrant.memory,
           "copies": entrant.data.variant == "copies", "fees": entrant.data.versions(places["data"])}
    line = [places["python"], os.path.join(places["here"], f"peer_{library}.py"), method, json.dumps(job)]
    return line, {"POLARS_MAX_THREADS": str(entrant.threads)}
