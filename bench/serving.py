"""Asks `featc serve`, Feast's SDK and `feast serve` on Redis about the same entities under the same load.

    cargo build --release -p featc
    python3 -m venv feast && feast/bin/pip install 'feast[redis]'
    feast/bin/python bench/serving.py --featc target/release/featc --feast feast/bin/feast --redis redis-server

One after the other, each alone on the machine: a store of so many users with ten features, a process that writes rows all the time,
and one client that asks about 1, 100 and 500 drawn users over one connection, the SDK in the client's own process. featc computes the
features from events over exact windows when it is asked, Feast reads ten floats that somebody has computed before. featc is asked for
JSON, and for Arrow as `featc.Client` does; pyarrow, which comes with Feast, reads that. The floor is
`GET /health` of the same server. Prints a table: milliseconds of the client at p50 and p99, and how many rows a second were
written meanwhile. Every answer is looked at: a status other than 200, a missing row, or no value in the first, ends the run, and so does a write that fails.
Nothing but loopback; all that is started is ended.
"""
import argparse
import datetime
import http.client
import itertools
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pyarrow.ipc

SIZES = (1, 100, 500)
EVENTS_PER_USER = 5
SHOP = """module shop

entity user (user: int64)

source payments {
  columns (id: int64, user: int64, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1h
}

view spend of user from payments {
  owner "payments"
  /// Payments.
  feature n = count() over [1h, 1d]
  /// What was paid.
  feature total = sum(amount) over [1h, 1d]
  /// A payment.
  feature average = mean(amount) over [1h, 1d]
  /// The greatest.
  feature peak = max(amount) over [1h, 1d]
  /// The newest.
  feature newest = last(amount) over [1h, 1d]
}

service risk { spend.* }
"""
STORE = """project: serving
registry: data/registry.db
provider: local
online_store:
  type: redis
  connection_string: "127.0.0.1:{port}"
offline_store:
  type: dask
entity_key_serialization_version: 3
"""
DEFINITIONS = """from datetime import timedelta
from feast import Entity, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

user = Entity(name="user", join_keys=["user"], value_type=ValueType.INT64)
rows = FileSource(path="data/rows.parquet", timestamp_field="event_timestamp")
spend = FeatureView(
    name="spend", entities=[user], ttl=timedelta(days=3650), source=rows, online=True,
    schema=[Field(name=f"f{place}", dtype=Float64) for place in range(10)],
)
"""
FEATURES = [f"spend:f{place}" for place in range(10)]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(is_so, what):
    for _ in range(600):
        try:
            if is_so():
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    sys.exit(f"{what} does not answer")


class Writer:
    """Writes so many rows at a time, so many times a second, until the end."""

    def __init__(self, write, rate):
        self.write, self.each, self.pause = write, max(1, rate // 20), 0.05
        self.rows, self.ended, self.failure = 0, False, None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        next_at = time.monotonic()
        while not self.ended:
            try:
                self.write(self.each)
            except BaseException as failure:
                self.failure = failure
                return
            self.rows += self.each
            next_at = max(next_at + self.pause, time.monotonic())
            time.sleep(max(0.0, next_at - time.monotonic()))

    def __enter__(self):
        self.begun = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        if self.failure:
            sys.exit(f"rows could not be written: {self.failure}")
        self.rate = self.rows / (time.monotonic() - self.begun)


def measured(ask, seconds, warm=20):
    """Milliseconds at p50 and p99, and how often it was asked."""
    for _ in range(warm):
        ask()
    took = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(took) < 100:
        begun = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begun) * 1e3)
    took.sort()
    return dict(p50=took[len(took) // 2], p99=took[int(len(took) * 0.99)], asked=len(took))


ARROW = "application/vnd.apache.arrow.stream"


def post(connection, path, body, kind="application/json", accept="application/json"):
    connection.request("POST", path, body, {"Content-Type": kind, "Accept": accept})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        sys.exit(f"{path} answers {answer.status}: {text[:300]!r}")
    return text


class Rows:
    """Pushes payments of users to featc; their numbers begin where it is told."""

    def __init__(self, address, users, number=0):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.draw, self.users, self.number = random.Random(1 + number), users, number

    def push(self, users):
        now, made = time.time(), []
        for user in users:
            self.number += 1
            at = instant(now - self.draw.random() * 3000)
            made.append(json.dumps(dict(id=self.number, user=user, amount=round(self.draw.random() * 100, 2), at=at)) + "\n")
        post(self.connection, "/v1/push/payments", "".join(made), "application/jsonl")

    def push_some(self, count):
        self.push([self.draw.randrange(self.users) for _ in range(count)])


def write_until_told(write, rate):
    """Writes until standard input ends, then prints how many rows a second that were."""
    with Writer(write, rate) as writer:
        sys.stdin.read()
    print(json.dumps(dict(rate=writer.rate)))


def measure_featc(options, folder):
    folder.joinpath("shop.feat").write_text(SHOP)
    arguments = [options.featc, "serve", folder / "shop.feat", "--state", folder / "state", "--listen", "127.0.0.1:0", "--json"]
    arguments += ["--no-served-log"] if options.no_served_log else []
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=folder.joinpath("featc.log").open("ab"))
    try:
        address = json.loads(server.stdout.readline())["listening"]
        rows = Rows(address, options.users)
        users = [user for user in range(options.users) for _ in range(EVENTS_PER_USER)]
        rows.draw.shuffle(users)
        for begin in range(0, len(users), 20_000):
            rows.push(users[begin : begin + 20_000])
        writing = [sys.executable, pathlib.Path(__file__).resolve(), "--task", "push", "--address", address]
        writing += ["--users", str(options.users), "--rate", str(options.rate), "--number", str(rows.number)]
        writer = subprocess.Popen(writing, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        asking, pick = http.client.HTTPConnection(address, timeout=60), random.Random(3)

        def question(size):
            some = [{"user": pick.randrange(options.users)} for _ in range(size)]
            return json.dumps(dict(service="risk", entities=some))

        def ask_for_json(size):
            said = json.loads(post(asking, "/v1/answer", question(size)))["answers"]
            return len(said), said[0]["values"]["spend__n_1d"]

        def ask_for_arrow(size):
            said = pyarrow.ipc.open_stream(post(asking, "/v1/answer", question(size), accept=ARROW)).read_all()
            return len(said), said["spend__n_1d"][0].as_py()

        found = {ask_for_json: {}, ask_for_arrow: {}}
        try:
            for ask_for, size in itertools.product(found, SIZES):

                def ask():
                    rows, first = ask_for(size)
                    if rows != size or first is None:
                        sys.exit(f"an answer without values: {rows} rows, {first}")

                found[ask_for][size] = measured(ask, options.seconds)

            def nothing():
                asking.request("GET", "/health")
                asking.getresponse().read()

            floor = measured(nothing, options.seconds)
        finally:
            said, _ = writer.communicate()
        if writer.returncode:
            sys.exit("rows could not be written")
        rate = json.loads(said.splitlines()[-1])["rate"]
        return (
            dict(name="featc serve", rate=rate, sizes=found[ask_for_json]),
            dict(name="featc serve, Arrow", rate=rate, sizes=found[ask_for_arrow]),
            dict(name="floor: GET /health", rate=rate, sizes={1: floor}),
        )
    finally:
        end(server)


def measure_feast(options, folder):
    port = free_port()
    arguments = [options.redis, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder]
    redis = subprocess.Popen([str(word) for word in arguments], stdout=subprocess.DEVNULL)
    started = [redis]
    try:
        repository = folder / "feast"
        (repository / "data").mkdir(parents=True)
        (repository / "feature_store.yaml").write_text(STORE.format(port=port))
        (repository / "definitions.py").write_text(DEFINITIONS)
        wait_until(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None, "Redis")
        python = pathlib.Path(options.feast).parent / "python"
        own = [str(python), str(pathlib.Path(__file__).resolve()), "--inside", str(repository), "--users", str(options.users)]
        own += ["--seconds", str(options.seconds), "--rate", str(options.rate)]
        subprocess.run([*own, "--task", "load"], check=True, stdout=subprocess.DEVNULL)
        sdk = json.loads(subprocess.run([*own, "--task", "sdk"], check=True, capture_output=True).stdout.splitlines()[-1])
        http_port = free_port()
        log = folder.joinpath("feast.log").open("ab")
        serve = [options.feast, "-c", str(repository), "serve", "-h", "127.0.0.1", "-p", str(http_port), "--no-access-log"]
        started.append(subprocess.Popen(serve, stdout=log, stderr=log))

        def is_up():
            connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=5)
            connection.request("GET", "/health")
            return connection.getresponse().status == 200

        wait_until(is_up, "feast serve")
        served = subprocess.run([*own, "--task", "http", "--port", str(http_port)], check=True, capture_output=True)
        return sdk, json.loads(served.stdout.splitlines()[-1])
    finally:
        for process in reversed(started):
            end(process)


def inside(options):
    """What runs in Feast's own Python."""
    import numpy
    import pandas

    repository = pathlib.Path(options.inside)
    draw = numpy.random.default_rng(1)

    def rows(users):
        values = {f"f{place}": draw.random(len(users)) for place in range(10)}
        return pandas.DataFrame({"user": users, "event_timestamp": pandas.Timestamp.now(tz="UTC"), **values})

    if options.task == "load":
        rows(numpy.arange(10, dtype="int64")).to_parquet(repository / "data/rows.parquet")
        feast = pathlib.Path(sys.executable).parent / "feast"
        subprocess.run([feast, "-c", repository, "apply"], check=True, stdout=subprocess.DEVNULL)
    from feast import FeatureStore

    store = FeatureStore(repo_path=str(repository))
    if options.task == "load":
        for begin in range(0, options.users, 20_000):
            many = numpy.arange(begin, min(begin + 20_000, options.users), dtype="int64")
            store.write_to_online_store("spend", rows(many))
        return
    if options.task == "write":
        return write_until_told(
            lambda count: store.write_to_online_store("spend", rows(draw.integers(0, options.users, count))), options.rate
        )
    # Rows are written by a process of its own, as a stream job would.
    writing = [sys.executable, *sys.argv, "--task", "write"]
    writer = subprocess.Popen(writing, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pick, found = random.Random(3), {}
    connection = None
    if options.task == "http":
        connection = http.client.HTTPConnection("127.0.0.1", options.port, timeout=60)

    def by_sdk(some):
        said = store.get_online_features(features=FEATURES, entity_rows=[{"user": user} for user in some]).to_dict()
        return said["f0"]

    def by_http(some):
        body = json.dumps(dict(features=FEATURES, entities=dict(user=some)))
        for _ in range(100):
            try:
                said = json.loads(post(connection, "/get-online-features", body))
                place = said["metadata"]["feature_names"].index("f0")
                return said["results"][place]["values"]
            # Its workers are replaced after so many requests, and then drop the connection.
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.01)
        sys.exit("feast serve does not answer")

    ask_about = by_http if connection else by_sdk
    try:
        for size in SIZES:

            def ask():
                values = ask_about([pick.randrange(options.users) for _ in range(size)])
                if len(values) != size or values[0] is None:
                    sys.exit(f"an answer without values: {values[:3]}")

            found[size] = measured(ask, options.seconds)
    finally:
        said, _ = writer.communicate()
    name = "feast serve, Redis" if connection else "Feast's SDK, Redis"
    print(json.dumps(dict(name=name, rate=json.loads(said.splitlines()[-1])["rate"], sizes=found)))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--featc", help="the binary")
    options.add_argument("--feast", help="Feast's command, in an environment of its own")
    options.add_argument("--redis", default="redis-server", help="Redis's server")
    options.add_argument("--users", type=int, default=100_000)
    options.add_argument("--rate", type=int, default=2_000, help="rows a second that are written meanwhile, at most")
    options.add_argument("--seconds", type=float, default=10, help="for each number of entities")
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--no-served-log", action="store_true", help="featc keeps no answers, as Feast keeps none")
    options.add_argument("--inside", help=argparse.SUPPRESS)
    options.add_argument("--task", help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options.add_argument("--address", help=argparse.SUPPRESS)
    options.add_argument("--number", type=int, help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.inside:
        return inside(options)
    if options.task == "push":
        return write_until_told(Rows(options.address, options.users, options.number).push_some, options.rate)
    if not options.featc or not options.feast:
        sys.exit("--featc and --feast are needed")
    found = {}
    for _ in range(options.rounds):
        for measure in (measure_featc, measure_feast):
            with tempfile.TemporaryDirectory() as folder:
                for one in measure(options, pathlib.Path(folder)):
                    found.setdefault(one["name"], []).append(one)
    print("| | entities | p50 ms | p99 ms | asked | rows a second written meanwhile |\n|---|---|---|---|---|---|")
    for name, rounds in found.items():
        for size in rounds[0]["sizes"]:
            for one in rounds:
                about = one["sizes"][size] if size in one["sizes"] else one["sizes"][str(size)]
                print(f"| {name} | {size} | {about['p50']:.3f} | {about['p99']:.3f} | {about['asked']} | {one['rate']:.0f} |")


if __name__ == "__main__":
    main()
