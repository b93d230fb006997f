"""`python3 bench/side-by-side test`: what the figures rest on."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import cases
import exact
import generate
import measure
import program
import report

HERE = pathlib.Path(__file__).resolve().parent
EVENTS, ROWS = 5_000, 800


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.kept.name)
        generate.CHUNK = 600  # many slices of time, also for so few events
        cls.log, cls.questions = str(cls.at / "log.parquet"), str(cls.at / "questions.parquet")
        generate.events(cls.log, EVENTS)
        generate.spine(cls.log, cls.questions, EVENTS, ROWS)

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()


class Data(Folder):
    def test_the_log_is_in_order_of_arrival_across_slices(self):
        log = pq.read_table(self.log)
        self.assertEqual(log.num_rows, EVENTS)
        self.assertTrue((np.diff(log["ingest_ts"].cast("int64").to_numpy()) >= 0).all())
        self.assertTrue((np.diff(log["event_ts"].cast("int64").to_numpy()) < 0).any())

    def test_equal_seeds_give_equal_files(self):
        again = str(self.at / "again.parquet")
        generate.events(again, EVENTS)
        self.assertTrue(pq.read_table(again).equals(pq.read_table(self.log)))

    def test_variants_hold_the_same_events(self):
        plain = pq.read_table(self.log)
        for kind in ("sorted", "shuffled", "copies"):
            path = str(self.at / f"{kind}.parquet")
            generate.variant(kind, self.log, path)
            rows = pq.read_table(path)
            self.assertEqual(rows.num_rows, EVENTS + (EVENTS // 100 if kind == "copies" else 0))
            known = rows.drop_columns("ingest_ts").group_by(rows.drop_columns("ingest_ts").column_names).aggregate([])
            same = plain.drop_columns("ingest_ts").sort_by("event_id")
            self.assertTrue(known.sort_by("event_id").equals(same), kind)


class Exact(Folder):
    def test_fast_and_slow_answers_agree_on_every_row(self):
        for column in ("amount", "cents"):
            for truth in ("complete", "as-of-arrival"):
                log = exact.Log(self.log, self.questions, column, {"status"}, truth, None)
                for f in program.FILTERS[:2]:
                    self.agree(log, f, exact.mask(log, f))

    def agree(self, log, f, where):
        sums = exact.Sums(log.value, where)
        for window in ("1h", "30d"):
            us = program.length(window)
            start, end = log.position(log.ts - us), log.upto
            n = sums.count[end] - sums.count[start]
            fast = {"sum": sums.sum(start, end), "mean": sums.mean(start, end, n), "max": exact.peaks(log.value, where, start, end, True)}
            fast |= {aggregate: exact.picked(log.value, where, start, end, aggregate) for aggregate in exact.PICKS}
            for row in range(0, ROWS, 3):
                if row in log.odd or not n[row]:
                    continue
                self.assertEqual(n[row], log.slow(row, us, "count", where))
                for aggregate, values in fast.items():
                    slow = log.slow(row, us, aggregate, where)
                    self.assertTrue(values[row] == slow or np.isnan(values[row]) and np.isnan(slow), aggregate)


    def test_a_fee_is_that_of_the_last_version(self):
        fees = str(self.at / "fees.parquet")
        generate.fees(fees, EVENTS)
        log = exact.Log(self.log, self.questions, program.FEE, set(), "complete", None, fees)
        table = pq.read_table(fees).to_pydict()
        versions = {}
        for merchant, since, fee in zip(table["merchant_id"], pq.read_table(fees)["since"].cast("int64").to_pylist(), table["fee"]):
            versions.setdefault(merchant, []).append((since, fee))
        for event in range(0, EVENTS, 7):
            before = [version for version in versions[log.data["merchant_id"][event]] if version[0] <= log.at[event]]
            self.assertEqual(log.value[event], max(before)[1])


class Compare(Folder):
    def answer(self, change=None, questions=None):
        log = exact.Log(self.log, self.questions, "amount", set(), "complete", None)
        where, columns = np.ones(len(log.at), bool), {"row_id": log.row}
        for name, aggregate, _, window in program.Ask().features():
            columns[name] = [log.slow(row, program.length(window), aggregate, where) for row in range(ROWS)]
        columns["last_amount"] = [log.slow(row, None, "last", where) for row in range(ROWS)]
        table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
        path = str(self.at / "answer.parquet")
        pq.write_table(change(table) if change else table, path)
        return path

    def verdict(self, path, strict):
        output = {"entrant": "it", "path": path, "questions": self.questions, "ask": program.Ask().json(), "strict": strict}
        job = {"log": self.log, "questions": self.questions, "truth": "complete", "outputs": [output], "sample": None}
        said = subprocess.run([sys.executable, str(HERE / "check.py"), json.dumps(job)], capture_output=True, text=True, check=True)
        return json.loads(said.stdout)["verdict"]

    def test_an_ulp_a_null_and_a_swap_are_seen(self):
        def changed(name, by):
            def change(table):
                values = table[name].to_pylist()
                row = next(i for i, value in enumerate(values) if value)
                values[row] = by(values[row])
                return table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))

            return change

        ulp = lambda value: float(np.nextafter(value, np.inf))
        swap = lambda table: table.take(pa.array([1, 0, *range(2, ROWS)]))
        self.assertEqual(self.verdict(self.answer(), True), "exact")
        self.assertEqual(self.verdict(self.answer(changed("total_30d", ulp)), True), "WRONG")
        self.assertEqual(self.verdict(self.answer(changed("total_30d", ulp)), False), "close")
        self.assertEqual(self.verdict(self.answer(changed("mean_7d", lambda value: None)), False), "WRONG")
        self.assertEqual(self.verdict(self.answer(changed("n_30d", lambda value: value + 1)), False), "WRONG")
        self.assertEqual(self.verdict(self.answer(swap), True), "WRONG")
        self.assertEqual(self.verdict(self.answer(swap), False), "exact")


class Measure(unittest.TestCase):
    def test_cost_limit_and_failure(self):
        work, said = measure.measure([sys.executable, "-c", "b = bytearray(200_000_000); b[::4096] = b'x' * len(b[::4096]); print('done')"], {}, 60, 1 << 30)
        self.assertEqual(said, "done")
        self.assertGreater(work["peak_kb"], 190_000)
        self.assertGreater(work["user"] + work["system"], 0)
        slow, _ = measure.measure([sys.executable, "-c", "import time; time.sleep(60)"], {}, 0.3, 1 << 30)
        self.assertEqual(slow["failed"], "over the limit of time")
        wrong, _ = measure.measure([sys.executable, "-c", "import sys; sys.exit('out of memory here')"], {}, 60, 1 << 30)
        self.assertTrue(wrong["failed"].startswith("out of memory: "))


class Words(unittest.TestCase):
    def test_the_generated_program_asks_what_the_file_asks(self):
        body = re.findall(r"feature (\w+) = (.*) over \[(.*)\]", program.feat(program.Ask()))
        listed = {f"{name}_{w}" for name, _, windows in body for w in windows.split(", ")}
        self.assertEqual(listed, {name for name, *_ in program.Ask().features()})
        wide = program.Ask(filters=12, least=7)
        self.assertEqual(len(set(name for name, *_ in wide.features())), 199)
        self.assertIn('feature mean_done = mean(amount where status = "completed") over [1h, 1d, 7d, 30d]', program.feat(wide))

    def test_names_of_entrants_are_different(self):
        for case in cases.CASES:
            names = [entrant.name() for entrant in cases.entrants(case)]
            self.assertEqual(len(names), len(set(names)), case)

    def test_a_report_takes_what_there_is(self):
        machine = {"kind": "machine", "binary": "b", "commit": "c", "at": "2026-01-01", "cores": 2}
        run = {"kind": "run", "binary": "b", "case": "w1-10m", "wall": 2.0, "user": 1.0, "system": 0.5, "peak_kb": 600_000}
        ours, theirs = {**run, "entrant": "featc", "engine": "featc"}, {**run, "entrant": "polars rolling", "engine": "polars rolling", "wall": 7.0}
        lost = {**run, "entrant": "duckdb frames", "engine": "duckdb frames", "failed": "over the limit of time"}
        other = {**ours, "binary": "another", "wall": 100.0}
        for records in ([machine], [machine, ours], [machine, other, ours, theirs, lost]):
            text = report.page(report.Results(records), {})
        self.assertIn("| … aim: at most 1/4 | 0.29 (polars rolling) | not met |", text)
        self.assertIn("at most 1/3 of the best complete peer | 0.29 (polars rolling) | met |", text)
        self.assertIn("… peak memory at most 700 MB | 614 MB | met |", text)
        self.assertIn("over the limit of time", text)


if __name__ == "__main__":
    unittest.main()
