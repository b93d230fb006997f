"""Pushes to a server and asks it for a long time, kills it now and then, and checks all of it at the end.

    cargo build -p featc
    python3 bench/soak.py --featc target/debug/featc --minutes 60 --rate 20000 --kills 0
    python3 bench/soak.py --featc target/debug/featc --minutes 10 --rate 4000 --kills 200
    python3 bench/soak.py --featc target/debug/featc --minutes 60 --rate 20000 --clock 5 --faketime libfaketimeMT.so.1

Payments of drawn cards are pushed as JSON lines, so many rows a second; some are of the last minutes, some come with an
arrival of their own, some are pushed twice. Two askers ask about ten cards at a time. A kill is `kill -9` at a drawn moment;
a push that was not acknowledged is sent again. At the end the server is told to end. Checked are: each answer is one in
order; every file of the state is whole; the rows of the state are those that were acknowledged, each once; each answer of
the served log is what comes out when it is computed again, to the bit, unless a push took so long that the server counted
its rows as late; the memory of a server that was not killed does not grow. Prints what was done, figures of latency and
of memory. With `--clock 5` five seconds of the server's clock go by in each second, by the library of libfaketime, so that in an hour
events are released for which it would keep them otherwise. Nothing but the standard library; nothing but loopback. Exits with 1 if anything is violated.
"""
import argparse
import collections
import datetime
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CARDS = 5_000
LATENESS, HISTORY = "10m", "5m"
# With the 10 minutes of the windows, those of the lateness, and the hour that a reader may be behind. Later as many events go as come.
KEPT_MINUTES = 85
# Memory of the last third of the time, over that of the second.
GROWTH_MAX = 1.1
# Rows that say their own arrival come within this, so that no answer has to be given without them.
DELAY_SECONDS = 20
SHOP = """module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness LATENESS
}

view spend of card from payments {
  owner "payments"
  /// What was paid.
  feature total = sum(amount) over [1m, 10m] default 0.0
  /// A payment.
  feature mean = mean(amount) over 10m
  /// The greatest.
  feature peak = max(amount) over 10m
  /// Different amounts.
  feature amounts = count_distinct(amount) over 5m
  /// The last one.
  feature latest = last(amount) over 10m
}

view seen of card from payments {
  owner "payments"
  /// All that were pushed.
  feature rows = count() over 30d
}

service risk { spend.* }
"""
SHOP = SHOP.replace("LATENESS", LATENESS)
# What of the rows was kept is counted by a program that reaches over all of them.
COUNT = SHOP.replace("service risk { spend.* }", "service rows { seen.* }")
SHOP = SHOP[: SHOP.index("view seen")] + "service risk { spend.* }\n"


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.program = folder / "shop.feat"
        self.program.write_text(SHOP)
        self.state = folder / "state"
        self.address = None
        self.server = None
        self.ended = False
        self.counts = dict(pushes=0, again=0, rows=0, late=0, asked=0, answers=0, refused=0, kills=0)
        self.by_card = collections.Counter()
        self.latencies, self.pushed, self.memory = [], [], []
        self.wrong = []
        # The server's clock at an instant of ours.
        self.clock = (time.time(), time.monotonic())

    def now(self):
        """The server's clock, or a little less."""
        told, then = self.clock
        return told + self.options.clock * (time.monotonic() - then)

    def begin(self):
        arguments = [self.options.featc, "serve", self.program, "--state", self.state, "--listen", "127.0.0.1:0"]
        arguments += ["--history", HISTORY, "--delay", f"{DELAY_SECONDS * self.options.clock}s", "--json"]
        if self.options.state_memory:
            arguments += ["--state-memory", str(self.options.state_memory)]
        clock = {"LD_PRELOAD": self.options.faketime, "FAKETIME": f"+0 x{self.options.clock}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        environment = os.environ | (clock if self.options.clock > 1 else {})
        log = self.folder.joinpath("log").open("ab")
        self.server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, env=environment)
        said = json.loads(self.server.stdout.readline())
        self.address = said["listening"]
        if self.options.clock > 1:
            _, said = self.ask("/v1/answer", json.dumps(dict(service="risk", entities=[{"card": "c1"}])))
            told = datetime.datetime.fromisoformat(said["at"].replace("Z", "+00:00"))
            self.clock = (told.timestamp(), time.monotonic())

    def ask(self, path, body):
        """The answer to a request; raises `OSError` or `HTTPException` where the server has gone."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", path, body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def rows(self, draw, number, count):
        """JSON lines, without and with the arrival that some rows say, and their cards. Formatted by hand: a client that is
        busy with itself pushes little."""
        now, whole = self.now(), {}
        chance, pareto = draw.random, 1 / 0.6

        def said(seconds):
            second = int(seconds)
            if second not in whole:
                whole[second] = instant(second)[:-7]
            return f"{whole[second]}{int((seconds - second) * 1e6):06}Z"

        lines, arrivals, cards = [], [], []
        for id in range(number, number + count):
            card = min(int((1 - chance()) ** -pareto), CARDS)
            at = now - (chance() * 240 if chance() < 0.05 else chance())
            lines.append(f'{{"id":{id},"card":"c{card}","amount":{chance() * 100:.2f},"at":"{said(at)}"')
            arrivals.append(f',"seen":"{said(max(at, now - chance()))}"' if chance() < 0.3 else "")
            cards.append(card)
        return lines, arrivals, cards

    def push(self):
        """Pushes so many rows a second, in five pushes, until the end; without a rate as many as it can."""
        draw = random.Random(self.options.seed + 1)
        number, next_at = 0, time.monotonic()
        each = max(1, self.options.rate // 5) if self.options.rate else 10_000
        while not self.ended:
            lines, arrivals, cards = self.rows(draw, number, each)
            number += each
            # The server gives an arrival to a row that says none.
            body = "}\n".join(map("".join, zip(lines, arrivals))) + "}\n"
            begun = time.monotonic()
            times = 1 + (draw.random() < 0.02)
            while times and not self.wrong:
                try:
                    status, said = self.ask("/v1/push/payments", body)
                except (OSError, http.client.HTTPException, json.JSONDecodeError):
                    self.counts["again"] += 1
                    # After a kill they may be later than they say: then the server says when they came.
                    body = "}\n".join(lines) + "}\n"
                    time.sleep(0.05)
                    continue
                if status != 200 or said["rejected"]:
                    self.wrong.append(f"a push was answered {status}: {said}")
                    return
                times -= 1
                self.counts["pushes"] += 1
                self.counts["late"] += said["late_for_cut"]
            self.pushed.append(time.monotonic() - begun)
            self.counts["rows"] += each
            self.by_card.update(cards)
            next_at = next_at + 0.2 if self.options.rate else time.monotonic()
            time.sleep(max(0.0, next_at - time.monotonic()))

    def question(self, seed):
        draw = random.Random(seed)
        while not self.ended:
            cards = [{"card": f"c{min(int(draw.paretovariate(0.6)), CARDS)}"} for _ in range(10)]
            begun = time.monotonic()
            try:
                status, said = self.ask("/v1/answer", json.dumps(dict(service="risk", entities=cards)))
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.counts["refused"] += 1
                time.sleep(0.05)
                continue
            if status != 200 or len(said["answers"]) != len(cards):
                self.wrong.append(f"a question was answered {status}: {said}")
                return
            self.latencies.append(time.monotonic() - begun)
            self.counts["asked"] += 1
            self.counts["answers"] += len(cards)
            time.sleep(0.05)

    def events(self):
        """Events in the state, in thousands, as the metrics say it; they are a little old."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        kept = [line for line in text.splitlines() if line.startswith("featc_state_events{")]
        return sum(float(line.split()[-1]) for line in kept) / 1e3

    def resident(self):
        for line in pathlib.Path(f"/proc/{self.server.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def run(self):
        self.begin()
        seeds = [self.options.seed + 2, self.options.seed + 3]
        threads = [threading.Thread(target=self.push)]
        threads += [threading.Thread(target=self.question, args=(seed,)) for seed in seeds]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 60 * self.options.minutes
        pause = 60 * self.options.minutes / (self.options.kills + 1)
        next_kill = time.monotonic() + pause * self.random.uniform(0.5, 1.5) if self.options.kills else until
        next_look = time.monotonic()
        while time.monotonic() < until and not self.wrong:
            time.sleep(max(0.0, min(next_kill, next_look, until) - time.monotonic()))
            if time.monotonic() >= next_look:
                try:
                    self.memory.append((self.resident(), self.events()))
                except (OSError, http.client.HTTPException):
                    pass
                next_look += 5
            if time.monotonic() >= next_kill and self.counts["kills"] < self.options.kills:
                self.server.kill()
                self.server.wait()
                self.begin()
                self.counts["kills"] += 1
                left = self.options.kills - self.counts["kills"]
                pause = (until - time.monotonic()) / (left + 1)
                next_kill = time.monotonic() + pause * self.random.uniform(0.5, 1.5)
            if self.server.poll() is not None:
                self.wrong.append(f"the server ended by itself: {self.server.returncode}")
        self.ended = True
        for thread in threads:
            thread.join()
        self.server.send_signal(signal.SIGTERM)
        if self.server.wait(120) != 0:
            self.wrong.append(f"the server ended with {self.server.returncode}")

    def featc(self, *arguments):
        run = subprocess.run([self.options.featc, *arguments], capture_output=True, text=True, cwd=self.folder)
        if run.returncode != 0:
            self.wrong.append(f"featc {' '.join(map(str, arguments))}: {run.stdout}{run.stderr}")
        return run.stdout

    def check(self):
        """What is there after the end."""
        export = self.folder / "export"
        self.featc("state", "verify", "--state", self.state)
        self.featc("state", "export", "--state", self.state, "--out", export)
        (self.folder / "count.feat").write_text(COUNT)
        spine = ["card,timestamp"] + [f"c{card},{instant(self.now() + 60)}" for card in sorted(self.by_card)]
        (self.folder / "spine.csv").write_text("\n".join(spine) + "\n")
        source = f"payments={export / 'payments.parquet'}"
        self.featc("train", "count.feat", "--service", "rows", "--spine", "spine.csv", "--source", source, "--out", "rows.csv")
        counted = self.folder.joinpath("rows.csv")
        for line in counted.read_text().splitlines()[1:] if counted.exists() else []:
            card, _, rows = line.split(",")
            if int(rows) != self.by_card[int(card[1:])]:
                self.wrong.append(f"card {card}: {rows} rows in the state, {self.by_card[int(card[1:])]} acknowledged")
        log = self.state / "served" / "**" / "*.parquet"
        verify = [self.options.featc, "verify", "shop.feat", "--service", "risk", "--served-log", log, "--source", source]
        verify += ["--memory-limit", "3GiB"]
        run = subprocess.run(verify, capture_output=True, text=True, cwd=self.folder)
        said = run.stdout.splitlines()[0] if run.stdout else run.stderr
        if run.returncode != 0 and self.counts["late"] == 0:
            self.wrong.append(f"featc verify: {run.stdout}{run.stderr}"[:4_000])
        print(said)

    def tell(self):
        print(", ".join(f"{name} {count}" for name, count in self.counts.items()))
        for name, all_of in [("push", self.pushed), ("answer of ten", self.latencies)]:
            if len(all_of) > 100:
                cuts = statistics.quantiles(all_of, n=1000)
                print(f"{name}: p50 {1000 * cuts[499]:.1f} ms, p99 {1000 * cuts[989]:.1f} ms, max {1000 * max(all_of):.0f} ms")
        # Until then memory grows with the events, and with nothing else.
        thirds = [self.memory[place * len(self.memory) // 3 : (place + 1) * len(self.memory) // 3] for place in range(3)]
        if all(thirds):
            sizes = [statistics.median(size for size, _ in third) for third in thirds]
            each = [statistics.median(1e6 * size / 1e3 / max(events, 1.0) for size, events in third) for third in thirds]
            print("memory: " + ", ".join(f"{size:.0f}" for size in sizes) + " MB (medians of thirds)")
            print("an event: " + ", ".join(f"{size:.0f}" for size in each) + " bytes of it")
            kept = [statistics.median(events for _, events in third) for third in thirds]
            print("events: " + ", ".join(f"{events:.0f}" for events in kept) + " thousand")
            without_kills = self.options.kills == 0
            if without_kills and self.options.minutes >= 45 and each[2] > GROWTH_MAX * each[1]:
                self.wrong.append("memory grows faster than events")
            # More events than before, as after a time in which the client could not push as many, take more memory.
            more = max(1.0, kept[2] / max(kept[1], 1.0))
            is_round = self.options.minutes * self.options.clock >= 3 * KEPT_MINUTES
            if without_kills and is_round and sizes[2] > GROWTH_MAX * more * sizes[1]:
                self.wrong.append("memory grows")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--featc", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=5_000, help="rows a second; 0: as many as the client can push")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state-memory", type=int, help="MiB of events in memory; all unless told")
    parser.add_argument("--clock", type=int, default=1, help="seconds of the server's clock in a second; without kills")
    parser.add_argument("--faketime", help="the library of libfaketime, for --clock")
    options = parser.parse_args()
    if options.clock > 1 and (options.kills or not options.faketime):
        parser.error("--clock takes --faketime, and no --kills: a server would begin with the clock as it is")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="featc-soak-"))
    soak = Soak(options, folder)
    try:
        soak.run()
        soak.check()
    finally:
        if soak.server and soak.server.poll() is None:
            soak.server.kill()
    soak.tell()
    for wrong in soak.wrong[:10]:
        print(f"violated: {wrong}", file=sys.stderr)
    if soak.wrong:
        print(f"left in {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
