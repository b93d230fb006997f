"""The flights as a deployment on this machine: Kafka in, HTTP out, Feast's SDK reads, and a training set of what was served.

    python examples/flights/deploy.py --brokers localhost:9092

A topic gets a month of departures as JSON, moved in time so that the last of them was known a moment ago; `featc serve` reads it
and answers, `featc export feast` writes the repository by which Feast's SDK asks the same server; the server is killed once while
records come. Then `featc train --served-log` makes a training set of what was answered, and each of its values is compared with
the one that was served.

It needs `featc` (`--featc PATH`), brokers (`--brokers`, or `--start-brokers SCRIPT`, as `tests/kafka/start` of this repository is
one), and Python with `feast`, `confluent-kafka` and `pyarrow`. All that it makes lies in a folder of its own, which `--keep FOLDER`
keeps; the topic stays.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import confluent_kafka
import confluent_kafka.admin
import pyarrow.compute
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
DAY = datetime.timedelta(days=1)
TOPIC = "departures"
PARTITIONS = 3
COPY_EACH = 50
#: What `delay_v1` is asked about.
KEYS = ["carrier", "origin", "tailnum"]
#: Runs in Feast's repository.
ASK = """
import json, sys, warnings
warnings.simplefilter("ignore")
from feast import FeatureStore

store = FeatureStore(".")
response = store.get_online_features(features=store.get_feature_service("fleet_v1"), entity_rows=json.load(sys.stdin), full_feature_names=True)
print("told", json.dumps(response.to_dict()))
"""


def month(days):
    """The last rows of the quarter, so many days of them, moved by whole days to end now; the order is that of their arrivals."""
    table = pyarrow.parquet.read_table(HERE / "data" / "flights-2013-q1.parquet")
    last = pyarrow.compute.max(table["known_at"]).as_py()
    by = (datetime.datetime.now(datetime.timezone.utc) - last) // DAY * DAY
    rows = [row for row in table.to_pylist() if row["event_at"] > last - days * DAY]
    for row in rows:
        for name, value in row.items():
            if isinstance(value, datetime.datetime):
                row[name] = (value + by).isoformat().replace("+00:00", "Z")
    return sorted(rows, key=lambda row: row["known_at"])


def write(brokers, rows):
    """Each carrier's rows in a partition, as a keyed producer has it; each fiftieth record twice, and a record that is none."""
    producer = confluent_kafka.Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 5})
    producer.produce(TOPIC, b"no departure", key="none")
    for place, row in enumerate(rows):
        for _ in range(2 if place % COPY_EACH == 0 else 1):
            producer.produce(TOPIC, json.dumps(row).encode(), key=row["carrier"])
        if place % 1000 == 0:
            producer.flush()
    producer.flush()


class Server:
    def __init__(self, featc, home):
        words = [featc, "serve", HERE / "flights.feat", "--state", "state", "--listen", "127.0.0.1:0"]
        words += ["--source", f"departures=kafka:{TOPIC}", "--kafka", "brokers.properties"]
        self.log = open(home / "server.log", "a")
        self.process = subprocess.Popen(words, cwd=home, stdout=subprocess.PIPE, stderr=self.log, text=True)
        told = self.process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+) .* (\d+) rows? of log after it", told)
        if not found:
            raise SystemExit(f"the server did not begin: {told}{(home / 'server.log').read_text()}")
        self.url, self.behind = found.group(1), int(found.group(2))

    def get(self, path, body=None):
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.read().decode()}") from None

    def number(self, name):
        lines = [line for line in self.get("/metrics").splitlines() if line.startswith(name + "{")]
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines)

    def end(self, how):
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.log.close()
        return code


def until(what, is_so, seconds=120):
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} seconds: {what}")
        time.sleep(0.05)


def run(options, home):
    featc = os.path.abspath(options.featc) if os.sep in options.featc else options.featc
    rows = month(options.days)
    (home / "brokers.properties").write_text(f"bootstrap.servers={options.brokers}\ntopic.metadata.refresh.interval.ms=500\n")
    halves = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": options.brokers})
    [made] = admin.create_topics([confluent_kafka.admin.NewTopic(TOPIC, PARTITIONS, 1)]).values()
    made.result()
    write(options.brokers, halves[0])
    server = Server(featc, home)
    until("the first records are read", lambda: server.number("featc_rows_accepted_total") > 1000)
    server.end(signal.SIGKILL)
    server = Server(featc, home)
    write(options.brokers, halves[1])
    copies = sum(len(half[::COPY_EACH]) for half in halves)
    # Those that the log had at the start are not counted as accepted.
    until("all records are read", lambda: server.behind + server.number("featc_rows_accepted_total") == len(rows) + copies)
    until("nothing is unread", lambda: server.number("featc_followed_unread_records") == 0)
    assert server.number("featc_followed_splits") == PARTITIONS
    print(f"{len(rows)} departures through {PARTITIONS} partitions, {server.behind} of them before a kill")

    entities = {}
    for row in reversed(rows):
        if row["tailnum"]:
            # About a flight that leaves now: nothing is to be excluded.
            entities.setdefault(row["tailnum"], {**{name: row[name] for name in KEYS}, "flight_id": None})
    entities = list(entities.values())[: options.entities]
    answers = json.loads(server.get("/v1/answer", {"service": "delay_v1", "entities": entities}))["answers"]
    assert len(answers) == len(entities)

    subprocess.run([featc, "export", "feast", HERE / "flights.feat", "--out", "repository", "--url", server.url], cwd=home, check=True, stdout=subprocess.PIPE)
    feast = pathlib.Path(sys.executable).with_name("feast")
    applied = subprocess.run([feast, "apply"], cwd=home / "repository", capture_output=True, text=True)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    planes = [{"tailnum": entity["tailnum"]} for entity in entities]
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=home / "repository", input=json.dumps(planes), capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr[-4000:]
    [told] = [json.loads(line.split(" ", 1)[1]) for line in asked.stdout.splitlines() if line.startswith("told ")]
    assert server.end(signal.SIGTERM) == 0

    for service, count in [("delay_v1", len(entities)), ("fleet_v1", len(planes))]:
        words = [featc, "train", HERE / "flights.feat", "--service", service, "--served-log", f"state/served/{service}"]
        words += ["--source", "departures=state/pushed/departures/*.parquet", "--out", f"{service}.parquet", "--status"]
        subprocess.run(words, cwd=home, check=True, stdout=subprocess.PIPE)
        served = pyarrow.parquet.read_table(home / "state" / "served" / service)
        trained = pyarrow.parquet.read_table(home / f"{service}.parquet")
        features = [name for name in trained.column_names if "__" in name]
        assert len(features) > 10 and served.num_rows == trained.num_rows == count, (service, served.num_rows, trained.num_rows)
        values = 0
        for name in features:
            left, right = served[name].to_pylist(), trained[name].to_pylist()
            assert list(map(repr, left)) == list(map(repr, right)), (service, name)
            values += len(left)
        print(f"{service}: {count} rows x {len(features)} columns served, {values} equal in the training set")
    served = pyarrow.parquet.read_table(home / "state" / "served" / "fleet_v1")
    by_feast = 0
    for name, column in told.items():
        if name in served.column_names and not pyarrow.types.is_duration(served[name].type):
            assert column == served[name].to_pylist(), (name, column, served[name].to_pylist())
            by_feast += len(column)
    assert by_feast >= 8 * len(planes)
    print(f"Feast's SDK: {by_feast} values equal to those of the served log")
    events = subprocess.run([featc, "--json", "state", "export", "--state", "state", "--out", "rows"], cwd=home, check=True, capture_output=True, text=True)
    [file] = json.loads(events.stdout)["files"]
    assert file["rows"] == len(rows) + copies, (file, len(rows), copies)
    aside = [json.loads(line) for path in sorted((home / "state" / "aside").glob("rejected-*")) for line in path.read_text().splitlines()]
    # After a kill one may lie there twice.
    assert {row["payload"] for row in aside} == {"no departure"} and len(aside) >= len(halves), aside
    print(f"{file['rows']} rows in the state, {copies} of them copies, {len(aside)} records aside: nothing lost, nothing twice")


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--featc", default="featc", help="the binary")
    words.add_argument("--brokers", help="where brokers are, as HOST:PORT")
    words.add_argument("--start-brokers", help="a script that starts a broker in a folder and prints its address")
    words.add_argument("--keep", help="the folder in which all is made and kept")
    words.add_argument("--days", type=int, default=31, help="of the quarter's end")
    words.add_argument("--entities", type=int, default=200, help="aircraft that are asked about")
    options = words.parse_args()
    if bool(options.brokers) == bool(options.start_brokers):
        words.error("one of --brokers and --start-brokers is needed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = pathlib.Path(options.keep or name).resolve()
        home.mkdir(parents=True, exist_ok=True)
        folder = home / "kafka"
        try:
            if options.start_brokers:
                started = subprocess.run([options.start_brokers, folder], check=True, stdout=subprocess.PIPE, text=True)
                options.brokers = started.stdout.strip()
            run(options, home)
        finally:
            if (folder / "pid").exists():
                end(int((folder / "pid").read_text()))


def end(broker):
    """Ends the broker, and waits until it writes no more: its folder is removed then."""
    os.kill(broker, signal.SIGTERM)
    for _ in range(600):
        state = pathlib.Path(f"/proc/{broker}/stat")
        # One that nobody waits for stays as a zombie.
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    os.kill(broker, signal.SIGKILL)


if __name__ == "__main__":
    main()
