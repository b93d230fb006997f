"""How long it takes until an event in Kafka is in the answers of `featc serve`, at a part of the rate that Kafka sustains here.

    cargo build --release -p featc
    python3 -m venv kafka && kafka/bin/pip install confluent-kafka
    kafka/bin/python bench/freshness.py --featc target/release/featc

A broker is started on loopback, with one topic of four partitions. First payments are written as JSON as fast as one client in
Python can, and read by another one that drops them: what is read in a second is what Kafka sustains. Then `featc serve` reads the
topic while payments come at half of that rate (`--part`), and a third client writes payments of cards of its own, one at a time, and asks
over HTTP each millisecond until the answer has it: that takes as long as is told, from before it is written on. Prints both
rates, milliseconds at p50 and p99, how many records were unread in the end, and how many processors broker, writer and `featc serve`
took meanwhile. Everything is on this machine's processors, the clients as well. Nothing but loopback; all that is started is ended.
"""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import confluent_kafka
import confluent_kafka.admin

HERE = pathlib.Path(__file__).resolve().parent
TOPIC, PARTITIONS, CARDS, PROBES = "payments", 4, 100_000, 50
SHOP = """module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 5m
}

view spend of card from payments {
  owner "payments"
  /// Payments.
  feature n = count() over [1m, 1h]
  /// What was paid.
  feature total = sum(amount) over [1m, 1h]
  /// A payment.
  feature average = mean(amount) over [1m, 1h]
  /// The greatest.
  feature peak = max(amount) over [1m, 1h]
  /// The newest.
  feature newest = last(amount) over [1m, 1h]
}

service risk { spend.* }
"""


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e6):06}Z"


def payment(id, card, amount, now):
    return f'{{"id":{id},"card":"{card}","amount":{amount:.2f},"at":"{now}"}}'.encode()


def write(options):
    """Writes payments of drawn cards until it is ended; without a rate as many as it can. Tells how many it wrote in a second."""
    settings = {"bootstrap.servers": options.brokers, "linger.ms": 5, "queue.buffering.max.messages": 200_000, "acks": "all"}
    producer, draw = confluent_kafka.Producer(settings), random.Random(1)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    written, begun = 0, time.monotonic()
    each = options.rate // 50 if options.rate else 2_000
    next_at = begun
    while not ended:
        now = instant(time.time())
        for _ in range(each):
            card = f"c{draw.randrange(CARDS)}"
            made = payment(written, card, draw.random() * 100, now)
            while True:
                try:
                    producer.produce(TOPIC, made, key=card)
                    break
                except BufferError:
                    producer.poll(0.01)
            written += 1
        producer.poll(0)
        if options.rate:
            next_at = max(next_at + 0.02, time.monotonic() - 1)
            time.sleep(max(0.0, next_at - time.monotonic()))
    print(json.dumps(dict(rate=written / (time.monotonic() - begun))), flush=True)
    if producer.flush(60):
        sys.exit("records could not be written")


def read(options):
    """Reads for so many seconds from the first record on; tells how many records that were in a second."""
    settings = {"bootstrap.servers": options.brokers, "group.id": "reader", "auto.offset.reset": "latest", "enable.auto.commit": False}
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([TOPIC])
    count, begun = 0, None
    while begun is None or time.monotonic() < begun + options.seconds:
        count += len(consumer.consume(10_000, 0.1))
        if begun is None and count:
            count, begun = 0, time.monotonic()
    print(json.dumps(dict(rate=count / (time.monotonic() - begun))), flush=True)
    consumer.close()


def start(options, task, rate=0):
    words = [sys.executable, __file__, "--task", task, "--brokers", options.brokers]
    words += ["--rate", str(rate), "--seconds", str(options.seconds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def told(process, ends=False):
    if ends:
        process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=180)
    if process.returncode:
        sys.exit("a client failed")
    return json.loads(said)["rate"]


def sustained(options):
    reader = start(options, "read")
    time.sleep(3)
    writer = start(options, "write")
    rate = told(reader)
    told(writer, ends=True)
    return rate


def processor(pid):
    """Seconds of a processor that a process took, its threads among them."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def latencies(options, address):
    """Seconds from before a payment is written until an answer has it, one after the other."""
    producer = confluent_kafka.Producer({"bootstrap.servers": options.brokers, "linger.ms": 0, "acks": "all"})
    connection, draw = http.client.HTTPConnection(address, timeout=60), random.Random(2)
    known, took = collections.Counter(), []
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        card = f"probe{draw.randrange(PROBES)}"
        body = json.dumps(dict(service="risk", entities=[{"card": card}]))
        begun = time.perf_counter()
        made = payment(-1 - sum(known.values()), card, 1.0, instant(time.time()))
        producer.produce(TOPIC, made, key=card)
        producer.poll(0)
        known[card] += 1
        while True:
            connection.request("POST", "/v1/answer", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"{answer.status}: {text[:300]!r}")
            if json.loads(text)["answers"][0]["values"]["spend__n_1h"] == known[card]:
                break
            if time.perf_counter() - begun > 60:
                sys.exit(f"{card} is not in the answers after a minute: {text[:300]!r}")
            time.sleep(0.001)
        took.append(time.perf_counter() - begun)
        time.sleep(draw.random() * 0.02)
    producer.flush(60)
    return sorted(took)


def unread(address):
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.startswith("featc_followed_unread_records{"))


def run(options, home):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": options.brokers})
    [made] = admin.create_topics([confluent_kafka.admin.NewTopic(TOPIC, PARTITIONS, 1)]).values()
    made.result()
    most = sustained(options)
    # The server begins with an empty topic.
    [gone] = admin.delete_topics([TOPIC], operation_timeout=30).values()
    gone.result()
    time.sleep(2)
    [made] = admin.create_topics([confluent_kafka.admin.NewTopic(TOPIC, PARTITIONS, 1)]).values()
    made.result()
    (home / "shop.feat").write_text(SHOP)
    (home / "brokers.properties").write_text(f"bootstrap.servers={options.brokers}\n")
    words = [options.featc, "serve", home / "shop.feat", "--state", home / "state", "--listen", "127.0.0.1:0", "--json"]
    words += ["--source", f"payments=kafka:{TOPIC}", "--kafka", home / "brokers.properties"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=(home / "log").open("ab"))
    try:
        address = json.loads(server.stdout.readline())["listening"]
        writer = start(options, "write", int(most * options.part))
        time.sleep(5)
        broker = int((home / "kafka" / "pid").read_text())
        all_of = dict(broker=broker, writer=writer.pid, featc=server.pid)
        begun, before = time.monotonic(), {name: processor(pid) for name, pid in all_of.items()}
        took = latencies(options, address)
        seconds = time.monotonic() - begun
        used = {name: (processor(pid) - before[name]) / seconds for name, pid in all_of.items()}
        left = unread(address)
        rate = told(writer, ends=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(120)
    print(f"Kafka sustains {most:,.0f} records a second here, written and read by clients in Python")
    print(f"featc serve at {rate:,.0f} records a second: {len(took)} payments were in the answers after")
    print(f"p50 {took[len(took) // 2] * 1e3:.1f} ms, p99 {took[int(len(took) * 0.99)] * 1e3:.1f} ms, max {took[-1] * 1e3:.0f} ms; {left} unread in the end")
    print("processors meanwhile: " + ", ".join(f"{name} {share:.2f}" for name, share in used.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--featc", help="the binary", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--seconds", type=float, default=30, help="for each of both")
    parser.add_argument("--part", type=float, default=0.5, help="of what Kafka sustains")
    parser.add_argument("--task", choices=["write", "read"], help=argparse.SUPPRESS)
    parser.add_argument("--brokers", help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        return {"write": write, "read": read}[options.task](options)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = pathlib.Path(name)
        try:
            started = subprocess.run([HERE.parent / "tests/kafka/start", home / "kafka"], check=True, stdout=subprocess.PIPE, text=True)
            options.brokers = started.stdout.strip()
            run(options, home)
        finally:
            if (home / "kafka" / "pid").exists():
                broker = int((home / "kafka" / "pid").read_text())
                os.kill(broker, signal.SIGTERM)
                for _ in range(300):
                    if not pathlib.Path(f"/proc/{broker}").exists():
                        break
                    time.sleep(0.1)


if __name__ == "__main__":
    main()
