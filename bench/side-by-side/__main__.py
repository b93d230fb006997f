"""featc beside other engines, on the same data, alternately.

    cargo build --release -p featc
    python3 bench/side-by-side setup            # a virtual environment with the peers, from PyPI
    python3 bench/side-by-side test             # generator, exact answers, comparison, measuring
    python3 bench/side-by-side run              # all cases; `--case w1-10m` for one; may be interrupted and continued
    python3 bench/side-by-side report --docs    # tables, curves, targets; writes docs/benchmarks.md

Everything lies under `bench-out/side-by-side` unless `--work` says otherwise. Results are appended to `results.jsonl` there, a
line per run and per check; `run` leaves out what this file already has for this binary, `report` takes what there is.
Every run is a process of its own, start-up included; entrants of a case alternate. Nothing else should run on the machine.
"""
import argparse
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys

import cases
import measure
import program

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def say(*words):
    print(*words, flush=True)


class Bench:
    def __init__(self, args):
        self.work = pathlib.Path(args.work).resolve()
        self.data = pathlib.Path(args.data).resolve() if args.data else self.work / "data"
        self.venv = pathlib.Path(args.venv).resolve() if args.venv else self.work / "venv"
        self.python = str(self.venv / "bin/python")
        self.results = pathlib.Path(args.results).resolve() if args.results else self.work / "results.jsonl"
        self.args = args
        for folder in (self.work, self.data, self.work / "out"):
            folder.mkdir(parents=True, exist_ok=True)

    def append(self, **record):
        with open(self.results, "a") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def records(self):
        if not self.results.exists():
            return []
        return [json.loads(line) for line in self.results.read_text().splitlines() if line.strip()]

    def setup(self):
        if not pathlib.Path(self.python).exists():
            subprocess.run([sys.executable, "-m", "venv", str(self.venv)], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "-q", "-r", str(HERE / "requirements.txt")], check=True)

    def generate(self, path, *words):
        if not os.path.exists(path):
            say(f"making {path}")
            subprocess.run([self.python, str(HERE / "generate.py"), *map(str, words)], check=True)

    def need(self, data):
        plain = cases.Data(data.events, data.rows)
        log, questions = plain.log(self.data), plain.questions(self.data)
        self.generate(log, "events", log, data.events)
        self.generate(questions, "spine", log, questions, data.events, data.rows)
        if data.fees:
            self.generate(data.versions(self.data), "fees", data.versions(self.data), data.events)
        if data.variant:
            self.generate(data.log(self.data), "variant", data.variant, log, data.log(self.data))
        if data.spine:
            self.generate(data.questions(self.data), "variant", data.spine, questions, data.questions(self.data))

    def program(self, ask):
        text = program.feat(ask)
        path = self.work / f"orders-{hashlib.sha256(text.encode()).hexdigest()[:12]}.feat"
        if not path.exists():
            path.write_text(text)
        return str(path)

    def featc(self):
        if self.args.featc:
            return str(pathlib.Path(self.args.featc).resolve())
        subprocess.run(["cargo", "build", "--release", "-p", "featc"], cwd=ROOT, check=True)
        target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
        return str(pathlib.Path(target) / "release/featc")


def machine():
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {"cpu": model, "cores": os.cpu_count(), "memory_gb": round(measure.memory_kb() / 2**20, 1),
            "system": platform.system() + " " + platform.release().split("-")[0], "python": platform.python_version()}


def commit():
    said = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip() or "unknown"


def digest(path):
    """In small pieces: what this process holds at once counts as memory of its children (see `measure`)."""
    hashed = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 18):
            hashed.update(piece)
    return hashed.hexdigest()[:16]


def run(bench):
    featc = bench.featc()
    options = subprocess.run([featc, "train", "--help"], capture_output=True, text=True, check=True).stdout
    binary = digest(featc)
    bench.append(kind="machine", **machine(), commit=bench.args.commit or commit(), binary=binary,
                 at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"))
    names = bench.args.case or [name for name in cases.CASES if name != "smoke"]
    for name in names:
        try:
            run_case(bench, name, featc, binary, options)
        except subprocess.CalledProcessError as error:
            say(f"{name}: {error}")


def run_case(bench, name, featc, binary, options):
    only = tuple(bench.args.only or [""])
    entrants = [e for e in cases.entrants(name) if e.name().startswith(only)]
    say(f"== {name}: {cases.CASES[name][0]}")
    old = [r for r in bench.records() if r.get("case") == name and r.get("binary") == binary]
    done = {(r["entrant"], r["round"]) for r in old if r["kind"] == "run"}
    lost = {r["entrant"] for r in old if r["kind"] == "run" and "failed" in r}
    for data in dict.fromkeys(e.data for e in entrants):
        bench.need(data)
    most = bench.args.rounds or (5 if name.startswith("w1") else 3)
    for round_ in range(most):
        # Every other round the other way round, so that nobody always runs behind the same neighbour.
        for entrant in entrants if round_ % 2 == 0 else reversed(entrants):
            if entrant.name() in lost or round_ >= (entrant.rounds or most) or (entrant.name(), round_) in done:
                continue
            record = run_one(bench, name, entrant, featc, options)
            bench.append(kind="run", case=name, entrant=entrant.name(), engine=entrant.engine, x=entrant.x, round=round_, binary=binary, **record)
            if "failed" in record:
                lost.add(entrant.name())
    if not bench.args.no_check:
        check_case(bench, name, [e for e in entrants if e.name() not in lost and e.engine != cases.FLOOR], binary, {r["entrant"] for r in old if r["kind"] == "check"})
    if not bench.args.keep:
        for entrant in entrants:
            pathlib.Path(out_path(bench, name, entrant)).unlink(missing_ok=True)


def out_path(bench, case, entrant):
    return str(bench.work / "out" / f"{case}-{entrant.name().replace(' ', '-')}.parquet")


def run_one(bench, case, entrant, featc, options):
    if entrant.memory and entrant.engine == cases.FEATC and "--memory-limit" not in options:
        return {"failed": "this featc has no --memory-limit"}
    out = out_path(bench, case, entrant)
    places = {"featc": featc, "python": bench.python, "data": str(bench.data), "here": str(HERE), "program": bench.program(entrant.ask)}
    line, environment = cases.command(entrant, places, out)
    warm(entrant.data.log(bench.data), entrant.data.questions(bench.data))
    limit = bench.args.limit or entrant.limit
    record, said = measure.measure(line, environment, limit, measure.memory_kb() * 9 // 10)
    shutil.rmtree(f"{out}.spill", ignore_errors=True)
    if entrant.engine != cases.FEATC and said.startswith("{"):
        record.update(json.loads(said))
    if "failed" not in record:
        record["bytes"] = os.path.getsize(out)
    words = record.get("failed") or f"{record['user'] + record['system']:.2f} s of processor, {record['peak_kb'] / 1024:.0f} MiB"
    say(f"  {entrant.name():34} {record['wall']:8.2f} s  {words}")
    return record


def warm(*paths):
    """Reads the inputs once, so that every run finds them in the page cache."""
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def check_case(bench, case, entrants, binary, checked):
    """Groups the outputs that have the same exact answers, and compares each group in one process."""
    groups = {}
    for entrant in entrants:
        out = out_path(bench, case, entrant)
        # Millions of events of one customer are beyond the exact answers; `smoke` has a smaller such log.
        beyond = entrant.data.variant == "hot" and entrant.data.events > 1_000_000
        if entrant.name() in checked or beyond or not os.path.exists(out):
            continue
        # The other variants have the same answers as the plain log.
        own = entrant.data.variant in ("random-ids", "hot")
        data = dataclasses.replace(entrant.data, variant=entrant.data.variant if own else "", spine=entrant.data.spine if own else "")
        key = (data, entrant.truth, entrant.ask.column)
        output = {"entrant": entrant.name(), "path": out, "questions": entrant.data.questions(bench.data), "ask": entrant.ask.json()}
        groups.setdefault(key, []).append({**output, "strict": entrant.engine == cases.FEATC})
    for (data, truth, _), outputs in groups.items():
        # Beyond 10 million events the customers of one residue of sixteen are compared, all their rows.
        job = {"log": data.log(bench.data), "questions": data.questions(bench.data), "truth": truth, "outputs": outputs,
               "fees": data.versions(bench.data), "sample": [5, 16] if data.events > 10_000_000 else None}
        said = subprocess.run([bench.python, str(HERE / "check.py"), json.dumps(job)], capture_output=True, text=True)
        if said.returncode:
            say(f"  check failed: {said.stderr.strip()[-600:]}")
        for line in said.stdout.splitlines():
            record = json.loads(line)
            say(f"  check {record['entrant']:34} {record['verdict']}")
            bench.append(kind="check", case=case, binary=binary, **record)


def main():
    parser = argparse.ArgumentParser(prog="bench/side-by-side", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["setup", "test", "data", "run", "report", "list"])
    parser.add_argument("--work", default=str(ROOT / "bench-out/side-by-side"), help="folder for everything that is made")
    parser.add_argument("--data", help="folder of the generated data, if not below --work")
    parser.add_argument("--venv", help="virtual environment, if not below --work")
    parser.add_argument("--results", help="file of results, if not below --work")
    parser.add_argument("--featc", help="a release build; without it, cargo makes one")
    parser.add_argument("--commit", help="the commit that --featc was built from, if not the one checked out")
    parser.add_argument("--case", action="append", choices=list(cases.CASES), help="may be repeated; all but `smoke` without it")
    parser.add_argument("--rounds", type=int, help="5 for the cases w1, 3 for the others, unless it is given")
    parser.add_argument("--limit", type=float, help="seconds after which any run is given up")
    parser.add_argument("--only", action="append", metavar="NAME", help="only entrants whose name begins so (see `list`); may be repeated")
    parser.add_argument("--no-check", action="store_true", help="do not compare the answers")
    parser.add_argument("--keep", action="store_true", help="keep the outputs")
    parser.add_argument("--docs", action="store_true", help="report: write docs/benchmarks.md and its curves")
    args = parser.parse_args()
    bench = Bench(args)
    if args.step == "setup":
        bench.setup()
    elif args.step == "test":
        sys.exit(subprocess.run([bench.python, "-m", "unittest", "-q", "tests"], cwd=HERE).returncode)
    elif args.step == "data":
        for name in args.case or cases.CASES:
            for entrant in cases.entrants(name):
                bench.need(entrant.data)
    elif args.step == "run":
        run(bench)
    elif args.step == "list":
        for name, (what, _) in cases.CASES.items():
            say(f"{name:12} {what}: {', '.join(e.name() for e in cases.entrants(name))}")
    else:
        import report

        report.main(bench)


def stop(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; `run` continues, `report` takes what there is")
