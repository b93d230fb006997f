"""Runs featc under faults for some minutes and checks that nothing is lost, half-written or left behind.

    cargo build -p featc
    python3 bench/faults.py --featc target/debug/featc --minutes 30 --seed 1

Each case draws a program, data, a format, threads, a truth, a memory limit (where `featc train` has `--memory-limit`) and a
fault: none, kill -9 at a random moment, or a full disk (a limit on the size of files; a small tmpfs for the result or for
temporary files where mounting is allowed). Checked are exit codes, one message per refusal, no panic, equality with an undisturbed run byte for byte, that
failed runs leave everything as it was, that the run after a killed one clears what that left, and that a backfill goes on
where it was. Nothing but the standard library; no network. Exits with 1 if anything is violated.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN_SECONDS_MAX = 300
SHOP = """module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, paid_at: timestamp, known_at: timestamp)
  unique id
  time paid_at
  arrival known_at
  lateness 1d
  batch FORMAT "payments-*.EXTENSION"
}

view spend of card from payments {
  owner "payments"
  /// What the card spent.
  feature total = sum(amount) over [1h, 1d, 7d] default 0.0
  /// Mean payment.
  feature mean = mean(amount) over [1h, 7d]
  /// Greatest payment.
  feature peak = max(amount) over 7d
  /// Payments but this one.
  feature others = count() over 1d excluding self
  /// Different amounts.
  feature amounts = count_distinct(amount) over 7d
}

service risk {
  spend.{total_*, mean_*, peak, amounts}
}
"""


def stamp(second):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_714_521_600 + second))


def make_orders(folder, rng):
    """A shop with its events in one to four files and a spine; returns what featc is to be asked."""
    extension = rng.choice(["csv", "jsonl"])
    events, files = rng.choice([30, 3_000, 3_000, 30_000, 30_000, 200_000, 800_000]), rng.randint(1, 4)
    cards, span = rng.choice([1, 40, 5_000]), 20 * 86_400
    (folder / "shop.feat").write_text(SHOP.replace("FORMAT", extension).replace("EXTENSION", extension))
    rows = [[] for _ in range(files)]
    for id_ in range(events):
        paid = rng.randrange(span)
        known = paid + (rng.randrange(4_000) if rng.random() < 0.95 else 100_000)
        row = (id_, f"c{int(cards * rng.random() ** 2)}", rng.randrange(50_000) / 100, stamp(paid), stamp(known))
        if extension == "csv":
            rows[id_ % files].append(",".join(map(str, row)))
        else:
            rows[id_ % files].append(json.dumps(dict(zip(["id", "card", "amount", "paid_at", "known_at"], row))))
    for number, lines in enumerate(rows):
        head = ["id,card,amount,paid_at,known_at"] if extension == "csv" else []
        (folder / f"payments-{number}.{extension}").write_text("\n".join(head + lines) + "\n")
    questions = rng.choice([0, 10, events // 5])
    spine = ["card,timestamp,label"]
    spine += [f"c{rng.randrange(cards)},{stamp(rng.randrange(span))},{n}" for n in range(questions)]
    (folder / "spine.csv").write_text("\n".join(spine) + "\n")
    backfill = ["--view", "spend", "--from", stamp(86_400), "--to", stamp(10 * 86_400)]
    backfill += rng.choice([["--every", "6h"], ["--at-events"]]) + ["--chunk", rng.choice(["6h", "1d", "50h"])]
    return ["shop.feat"], ["--service", "risk", "--spine", "spine.csv"], backfill


def make_flights(folder, rng):
    shutil.copytree(ROOT / "examples/flights/data", folder / "data")
    shutil.copy(ROOT / "examples/flights/flights.feat", folder)
    backfill = ["--view", rng.choice(["carrier_punctuality", "route_traffic"])]
    backfill += ["--from", "2013-02-01T00:00:00Z", "--to", "2013-02-15T00:00:00Z"]
    backfill += rng.choice([["--every", "1h"], ["--at-events"]]) + ["--chunk", rng.choice(["1d", "60h"])]
    return ["flights.feat"], ["--service", "delay_v1", "--spine", "data/spine-q1.csv"], backfill


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Violation(Exception):
    pass


def demand(true, what):
    if not true:
        raise Violation(what)


class Disk:
    """A folder on a file system of its own, of so many bytes; a plain folder where mounting is not allowed."""

    allowed = None

    def __init__(self, folder, size):
        self.folder = folder
        mount = ["mount", "-t", "tmpfs", "-o", f"size={max(size, 4096)}", "tmpfs", str(folder)]
        self.mounted = Disk.allowed is not False and subprocess.run(mount, capture_output=True).returncode == 0
        Disk.allowed = self.mounted

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)


class Case:
    def __init__(self, options, number, folder):
        self.options, self.number, self.folder = options, number, folder
        self.rng = random.Random(f"{options.seed}/{number}")
        self.out, self.tmp = folder / "out", folder / "tmp"
        self.out.mkdir()
        self.tmp.mkdir()
        make = self.rng.choice([make_orders, make_orders, make_flights])
        self.program, self.train, self.backfill = make(folder, self.rng)
        self.said = []

    def featc(self, arguments, limit=None, kill_after=None):
        """Runs featc; returns exit code and what it said on standard error."""
        def prepare():
            # Python ignores the signal of a file that grows too large; a shell does not.
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = [self.options.featc, *map(str, arguments)]
        self.said.append(" ".join(command[1:]) + (f"  # limit {limit}" if limit is not None else "")
                         + (f"  # kill after {kill_after:.3f}s" if kill_after is not None else ""))
        environment = dict(os.environ, TMPDIR=str(self.tmp), NO_COLOR="1")
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, preexec_fn=prepare, restore_signals=False)
        try:
            _, said = process.communicate(timeout=kill_after if kill_after is not None else RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, said = process.communicate()
            demand(kill_after is not None, f"no end after {RUN_SECONDS_MAX} s")
        said = said.decode(errors="replace")
        demand("panicked" not in said and "E9999" not in said, f"a panic or a bug:\n{said}")
        return process.returncode, said

    def variation(self):
        """Arguments that no byte may depend on."""
        extra = ["--threads", self.rng.randint(1, 8)]
        if self.options.memory and self.rng.random() < 0.7:
            extra += ["--memory-limit", f"{self.rng.choice([64, 64, 96, 128, 256, 1024])}MB"]
        return extra

    def refused(self, code, said, what):
        demand(code == 1, f"{what}: exit {code}\n{said}")
        demand(said.count("error[") == 1, f"{what}: not one message\n{said}")
        demand("error[E0903]" in said, f"{what}: another message\n{said}")

    def clean(self, what):
        left = sorted(str(p.relative_to(self.tmp)) for p in self.tmp.rglob("*"))
        demand(not left, f"{what}: the temporary folder holds {left}")

    def training(self, fault):
        rng = self.rng
        extension = rng.choice(["parquet", "csv", "jsonl", "arrow"])
        base = ["train", *self.program, *self.train, "--truth", rng.choice(["complete", "as-of-arrival"])]
        base += ["--status"] * rng.randint(0, 1)
        began = time.monotonic()
        reference = self.folder / "reference"
        reference.mkdir()
        code, said = self.featc([*base, "--out", reference / f"set.{extension}", "--threads", 1])
        demand(code == 0, f"the undisturbed run: exit {code}\n{said}")
        took = time.monotonic() - began
        expected = files(reference)
        size = max(map(len, expected.values()))
        place = {"tmpfs": (self.out, int(rng.uniform(0, 1.5) * size)), "spill": (self.tmp, rng.choice([0, 1, 8]) << 20)}
        with Disk(*place[fault]) if fault in place else Plain() as disk:
            if fault in place and not disk.mounted:
                fault = "limit"
            old = {}
            if rng.random() < 0.5 and fault != "tmpfs":
                old = {f"set.{extension}": b"old", f"set.{extension}.provenance.json": b"of the old"}
                for name, content in old.items():
                    (self.out / name).write_bytes(content)
            command = [*base, "--out", self.out / f"set.{extension}", *self.variation()]
            if fault == "kill":
                for _ in range(rng.randint(1, 3)):
                    code, said = self.featc(command, kill_after=rng.uniform(0, 1.2 * took))
                    demand(code in (0, -signal.SIGKILL), f"a killed run: exit {code}\n{said}")
                    self.never_mixed(old, expected)
            elif fault == "limit":
                code, said = self.featc(command, limit=int(rng.uniform(0, 1.2) * size))
                self.whole_or_old(code, said, old, expected)
            elif fault in place:
                code, said = self.featc(command)
                self.whole_or_old(code, said, old, expected)
                return
            code, said = self.featc(command)
            demand(code == 0, f"the run after it: exit {code}\n{said}")
            demand(files(self.out) == expected, f"the run after it: {self.difference(files(self.out), expected)}")
            self.clean("the run after it")
            again = self.folder / "again"
            again.mkdir()
            record = self.out / f"set.{extension}"
            code, said = self.featc(["train", "--from-provenance", record, "--out", again / record.name, *self.variation()])
            demand(code == 0, f"made again: exit {code}\n{said}")
            demand(files(again) == expected, f"made again: {self.difference(files(again), expected)}")
            self.clean("made again")

    def whole_or_old(self, code, said, old, expected):
        if code == 0:
            demand(files(self.out) == expected, f"little room: {self.difference(files(self.out), expected)}")
        else:
            self.refused(code, said, "a full disk")
            demand(files(self.out) == old, f"a full disk: {self.difference(files(self.out), old)}")
        self.clean("a full disk")

    def never_mixed(self, old, expected):
        """A set is the old or the new one, whole; its record is its own, or there is none."""
        found = {name: content for name, content in files(self.out).items() if not name.startswith(".")}
        name = next(name for name in expected if not name.endswith(".provenance.json"))
        record = f"{name}.provenance.json"
        sets = [side for side in (old, expected) if found.get(name) == side.get(name)]
        demand(sets, "killed: the set is neither the old nor the new one")
        demand(found.get(record) in (None, *[side.get(record) for side in sets]), "killed: the record is another's")

    def filling(self, fault):
        rng = self.rng
        base = ["backfill", *self.program, *self.backfill, "--status"]
        began = time.monotonic()
        code, said = self.featc([*base, "--out", "reference", "--threads", 1])
        demand(code == 0, f"the undisturbed backfill: exit {code}\n{said}")
        took = time.monotonic() - began
        expected = files(self.folder / "reference")
        sizes = [len(content) for content in expected.values()]
        target = self.folder / "out" / "filled"
        command = [*base, "--out", target]
        for _ in range(0 if fault == "none" else rng.randint(1, 4)):
            if fault == "kill":
                code, said = self.featc([*command, *self.variation()], kill_after=rng.uniform(0, 1.1 * took))
                demand(code in (0, -signal.SIGKILL), f"a killed backfill: exit {code}\n{said}")
            else:
                code, said = self.featc([*command, *self.variation()], limit=rng.randint(0, max(sizes)))
                if code != 0:
                    self.refused(code, said, "a backfill on a full disk")
                self.clean("a backfill on a full disk")
            self.parts_are_whole(target, expected)
        verify = ["--verify", "3"] if rng.random() < 0.3 else []
        code, said = self.featc([*command, *self.variation(), *verify])
        demand(code == 0, f"the backfill after it: exit {code}\n{said}")
        demand(files(target) == expected, f"the backfill after it: {self.difference(files(target), expected)}")
        self.clean("the backfill after it")

    def parts_are_whole(self, target, expected):
        if not (target / "_checkpoint.json").exists():
            return
        for done in json.loads((target / "_checkpoint.json").read_text())["done"]:
            content = (target / done["file"]).read_bytes() if (target / done["file"]).exists() else None
            demand(content == expected[done["file"]], f"{done['file']} is in the checkpoint and not what it should be")

    def difference(self, found, expected):
        names = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        size = lambda side, name: len(side[name]) if name in side else None
        return "; ".join(f"{name}: {size(found, name)} bytes, not {size(expected, name)}" for name in names[:5])


class Plain:
    """No disk of its own."""

    mounted = False
    __enter__ = lambda self: self
    __exit__ = lambda self, *_: None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--featc", default=str(ROOT / "target/debug/featc"))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--case", type=int, help="this case only")
    parser.add_argument("--keep", action="store_true", help="keep the folders of violations")
    options = parser.parse_args()
    options.featc = str(pathlib.Path(options.featc).resolve())
    text = subprocess.run([options.featc, "train", "--help"], capture_output=True, text=True, check=True).stdout
    options.memory = "--memory-limit" in text
    end, counts, violations = time.monotonic() + 60 * options.minutes, collections.Counter(), 0
    number = options.case or 0
    while time.monotonic() < end:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="featc-faults-"))
        case = Case(options, number, folder)
        job = case.rng.choice(["training", "training", "filling"])
        fault = case.rng.choice(["none", "kill", "kill", "limit", *(["tmpfs", "spill"] if job == "training" else ["limit"])])
        violated = False
        try:
            getattr(case, job)(fault)
            counts[f"{job} with {fault}"] += 1
        except Violation as violation:
            violated, violations = True, violations + 1
            print(f"case {number} (seed {options.seed}), {job} with {fault}: {violation}", file=sys.stderr)
            print("".join(f"    featc {line}\n" for line in case.said), file=sys.stderr, flush=True)
        if violated and options.keep:
            print(f"    in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
        number += 1
        if options.case is not None:
            break
    print(f"seed {options.seed}: {sum(counts.values()) + violations} cases, memory limits {'on' if options.memory else 'off'}, "
          f"own disks {'on' if Disk.allowed else 'off'}: {violations} violations")
    for name, count in sorted(counts.items()):
        print(f"  {count:5} {name}")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
