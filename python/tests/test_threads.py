"""Threads, signals and memory."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import ROOT, SHOP, payments, questions

import featc

SECONDS = float(os.environ.get("FEATC_STRESS_SECONDS", "5"))
CALLS = int(os.environ.get("FEATC_LEAK_CALLS", "1000"))


def test_eight_threads_train_at_once(shop):
    expected = shop.train("risk", questions(), sources={"txn": payments()}).to_pydict()
    txn, spine = payments(), questions()
    wrong, done = [], []
    until = time.monotonic() + SECONDS

    def work():
        while time.monotonic() < until:
            found = shop.train("risk", spine, sources={"txn": txn}, threads=1)
            done.append(1)
            if found.to_pydict() != expected and repr(found.to_pydict()) != repr(expected):
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print(f"{len(done)} training sets in {SECONDS:g} s, {len(wrong)} wrong")
    assert not wrong and len(done) >= 8


def test_python_goes_on_while_work_is_done(shop):
    """A thread that only counts is not stopped by a run."""
    counted, over = [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before = counted[0]
    began = time.monotonic()
    shop.verify("risk", questions(), sources={"txn": payments()}, metamorphic=True, progress=False)
    took = time.monotonic() - began
    over.set()
    thread.join()
    assert counted[0] - before > took * 50


def test_ctrl_c_ends_a_run_and_leaves_nothing_behind(tmp_path):
    code = f"""
import sys, featc, time
sys.path.insert(0, {str(ROOT / "python" / "tests")!r})
from conftest import SHOP, payments, questions
import pyarrow
program = featc.Program(SHOP)
txn = pyarrow.concat_tables([payments(400)] * 40)
spine = pyarrow.concat_tables([questions(1000)] * 1500)
print("begun", flush=True)
try:
    program.train_to("set/out.parquet", "risk", spine, sources={{"txn": txn}})
except KeyboardInterrupt:
    print("interrupted", program.train("risk", questions(3), sources={{"txn": payments()}}).__len__(), flush=True)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    work = tmp_path / "work"
    (work / "set").mkdir(parents=True)
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=work, env=environment)
    assert running.stdout.readline() == "begun\n"
    time.sleep(0.5)
    assert not (work / "set" / "out.parquet").exists(), "the run was too short to be interrupted"
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0 and out == "interrupted 3\n", err
    assert time.monotonic() - began < 30
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_ctrl_c_ends_a_backfill_whose_parts_are_known(tmp_path):
    """What is left of it are whole parts that its checkpoint lists, and it goes on."""
    code = f"""
import sys, featc
sys.path.insert(0, {str(ROOT / "python" / "tests")!r})
from conftest import SHOP, payments
try:
    featc.Program(SHOP).backfill("out", service="risk", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", every="1s", chunk="10m", sources={{"txn": payments()}}, entities={{"card": [1, 2, 3]}})
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temp")}
    (tmp_path / "temp").mkdir()
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    out = tmp_path / "out"
    while not list(out.glob("*.parquet")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    told, err = running.communicate(timeout=60)
    assert running.returncode == 0 and told == "interrupted\n", err
    checkpoint = json.loads((out / "_checkpoint.json").read_text())
    made = sorted(path.name for path in out.rglob("*") if path.is_file() and path.name != "_checkpoint.json")
    assert made == sorted(part["file"] for part in checkpoint["done"]) and 0 < len(made) < checkpoint["parts"] == 48
    assert list((tmp_path / "temp").iterdir()) == []
    options = {"service": "risk", "start": "2024-05-01T08:00:00Z", "end": "2024-05-01T16:00:00Z", "every": "1s", "chunk": "10m", "sources": {"txn": payments()}}
    went_on = featc.Program(SHOP).backfill(out, entities={"card": [1, 2, 3]}, **options)
    assert went_on["made"] == 48 - len(made)


def test_memory_stays_flat(shop):
    """Resident memory over many calls of every kind."""
    status = pathlib.Path("/proc/self/statm")
    if not status.exists():
        pytest.fail("resident memory is read from /proc")
    txn, spine, broken = payments(), questions(), SHOP.replace("sum(amount)", "sum(amout)")
    # One call in ten has every type; the others are as many in less time.
    small = featc.Program(SHOP[: SHOP.index("  /// Sum of prices")] + "}\nservice risk { spend.* }\n")

    def calls(number):
        for at in range(number):
            found = (shop if at % 10 == 0 else small).train("risk", spine, sources={"txn": txn}, threads=1)
            found.to_arrow(), found.to_pydict()
            if at % 10 == 0:
                shop.train("risk", spine, sources={"txn": txn.to_reader()}, threads=1).to_pylist()
                with pytest.raises(featc.CompileError):
                    featc.Program(broken)
                with pytest.raises(featc.RunError):
                    shop.train("risk", spine.drop_columns(["card"]), sources={"txn": txn})
                online = shop.online("complete")
                online.push("txn", txn)
                online.restore(online.snapshot())
                online.read("risk", {"card": [1]}, "2024-05-01T14:00:00Z")

    def resident():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    calls(CALLS // 4)
    first = resident()
    calls(CALLS // 4)
    second = resident()
    calls(CALLS // 2)
    last = resident()
    # What an allocator keeps may grow a little; a leak of one spine a call would be tens of megabytes.
    print(f"resident after {CALLS // 4}, {CALLS // 2} and {CALLS} calls: {first >> 10}, {second >> 10} and {last >> 10} kB")
    assert last - second < 8 << 20, (first, second, last)


def test_progress_is_told(shop):
    told = []
    many = __import__("pyarrow").concat_tables([payments(400)] * 10)
    for _ in range(50):
        shop.verify("risk", questions(), sources={"txn": many}, metamorphic=True, progress=lambda *step: told.append(step))
        if told:
            break
    phases = {phase for phase, _, _ in told}
    assert phases <= {"questions", "events", "relations"} and phases
    assert all(0 <= done <= of for _, done, of in told)


def test_a_bar_shows_after_a_second(monkeypatch):
    from featc import _progress

    shown = []

    class Fake:
        def __init__(self, total, desc, leave):
            self.total, self.n = total, 0
            shown.append(desc)

        def update(self, more):
            self.n += more

        def close(self):
            shown.append("closed")

    now = [0.0]
    monkeypatch.setattr(_progress, "_bar_class", lambda: Fake)
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    with _progress.Bar(True) as bar:
        bar("questions", 1, 10)
        assert shown == []
        now[0] = 1.5
        bar("questions", 5, 10)
        assert shown == ["questions"] and bar.bar.n == 5
        bar("events", 1, 3)
    assert shown == ["questions", "closed", "events", "closed"]
    assert _progress.Bar(False).sink is None
