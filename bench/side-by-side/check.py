"""Compares outputs with the exact answers: `check.py JOB`, a JSON object with log, questions, truth and outputs.

Prints one JSON object per output. featc must be equal in every bit, nulls and the order of rows included. For peers an empty
window may be anything, and sums and means are reported: how many differ in bits, and by how much at worst.
"""
import json
import math
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import exact
import program

SLOW_ROWS = 400  # per column, answered by the slow twin as well
MEAN_ROWS = 100_000  # means are compared on so many rows
ROUNDED = ("sum", "mean", "median")  # what a peer may round more than once
SMALL_REL, SMALL_ABS = 1e-9, 1e-6


class Output:
    def __init__(self, entrant, path, questions, ask, strict):
        self.label, self.path, self.ask, self.strict = entrant, path, program.ask(ask), strict
        self.questions = questions
        self.names = {name.removeprefix("spend__"): name for name in pq.read_schema(path).names}
        self.cells = {kind: 0 for kind in ("count", "sum", "mean", "extreme", "last", *exact.PICKS)}
        self.differ = dict(self.cells)
        self.worst_rel, self.worst_abs, self.missing = 0.0, 0.0, []

    def align(self, log):
        rows = pq.read_table(self.path, columns=["row_id"])["row_id"].to_numpy()
        self.rows = len(rows)
        place = np.full(int(max(rows.max(initial=0), log.row.max(initial=0))) + 1, -1)
        place[rows] = np.arange(len(rows))
        self.place = place[log.row]
        if (self.place < 0).any():
            raise ValueError(f"{self.label}: questions without an answer")
        self.in_order = np.array_equal(rows, pq.read_table(self.questions, columns=["row_id"])["row_id"].to_numpy())

    def column(self, name):
        if name not in self.names:
            self.missing.append(name)
            return None
        column = pq.read_table(self.path, columns=[self.names[name]])[self.names[name]]
        values = column.cast(pa.float64()).combine_chunks()
        values = values.fill_null(math.nan).to_numpy(zero_copy_only=False)
        return values[self.place]

    def compare(self, kind, name, expected, empty, rows):
        """`empty` marks questions whose window holds nothing; `rows` cuts columns that are compared in part."""
        got = self.column(name)
        if got is None:
            return
        got = got[:rows].copy()
        if not self.strict:
            got[empty[:rows]] = 0.0 if kind == "count" else math.nan
        bits = lambda x: np.where(np.isnan(x), -1, x.view(np.int64))
        differ = bits(got) != bits(expected)
        self.cells[kind] += int((~np.isnan(expected)).sum())
        self.differ[kind] += int(differ.sum())
        if kind in ROUNDED and differ.any():
            far = np.abs(got[differ] - expected[differ])
            self.worst_abs = max(self.worst_abs, worst(far))
            with np.errstate(divide="ignore", invalid="ignore"):
                self.worst_rel = max(self.worst_rel, worst(far / np.abs(expected[differ])))

    def verdict(self):
        plain = sum(self.differ[kind] for kind in self.cells if kind not in ROUNDED)
        if plain or (self.missing and self.strict):
            return "WRONG"
        if not any(self.differ[kind] for kind in ROUNDED) and (self.in_order or not self.strict):
            return "exact"
        close = self.worst_rel <= SMALL_REL or self.worst_abs <= SMALL_ABS
        return "close" if close and not self.strict else "WRONG"

    def record(self, log):
        return {"entrant": self.label, "verdict": self.verdict(), "rows": self.rows, "rows_compared": len(log.row),
                "cells": self.cells, "differ": self.differ, "worst_rel": self.worst_rel, "worst_abs": self.worst_abs,
                "missing": len(self.missing), "in_order": self.in_order}


def worst(values):
    """NaN, a null where there is a value or the other way round, counts as infinitely far."""
    return math.inf if np.isnan(values).any() else float(values.max())


def everything(outputs):
    """All features that some output has: {filter: {window: {name: aggregate}}}."""
    asked = {}
    for output in outputs:
        for name, aggregate, f, window in output.ask.features():
            asked.setdefault(f, {}).setdefault(window, {})[name] = aggregate
    return asked


def mend(log, values, window, aggregate, where, rows):
    """Puts the slow twin's answers where needed, and holds the fast ones against it elsewhere."""
    for row in log.odd[log.odd < rows].tolist():
        values[row] = log.slow(row, window, aggregate, where)
    for row in np.linspace(0, rows - 1, min(SLOW_ROWS, rows)).astype(int).tolist():
        slow = log.slow(row, window, aggregate, where)
        if slow != values[row] and not (math.isnan(slow) and math.isnan(values[row])):
            raise AssertionError(f"the two exact answers differ: row {row} {aggregate} {window}: {slow!r} {values[row]!r}")
    return values


def compare(log, outputs):
    starts, rows = {}, len(log.row)
    few = min(rows, MEAN_ROWS)
    for f, windows in everything(outputs).items():
        where = exact.mask(log, f)
        sums = exact.Sums(log.value, where)
        for window, names in windows.items():
            if window not in starts:
                starts[window] = log.position(log.ts - program.length(window))
            start, end, us = starts[window], log.upto, program.length(window)
            n = sums.count[end] - sums.count[start]
            count = mend(log, n.astype(np.float64), us, "count", where, rows)
            empty = count == 0
            for name, aggregate in names.items():
                if aggregate == "count":
                    values, kind, size = count, "count", rows
                elif aggregate == "sum":
                    values, kind, size = sums.sum(start, end), "sum", rows
                    alone = (n == 1) & (end - start == 1)
                    assert (values[alone] == log.value[start[alone]]).all(), "a sum of one value is not that value"
                elif aggregate in exact.PICKS:
                    values, kind, size = exact.picked(log.value, where, start, end, aggregate), aggregate, rows
                elif aggregate == "mean":
                    values, kind, size = sums.mean(start[:few], end[:few], n[:few]), "mean", few
                else:
                    values, kind, size = exact.peaks(log.value, where, start, end, aggregate == "max"), "extreme", rows
                if aggregate != "count":
                    values[(n == 0)[:size]] = math.nan
                    values = mend(log, values, us, aggregate, where, size)
                for output in outputs:
                    if name in output.wanted:
                        output.compare(kind, name, values, empty, size)
    last = np.where(log.upto > log.first, log.value[np.maximum(log.upto - 1, 0)].astype(np.float64), math.nan)
    everyone = np.ones(len(log.at), bool)
    last = mend(log, last, None, "last", everyone, rows)
    for output in outputs:
        output.compare("last", "last_amount", last, np.isnan(last), rows)


def main():
    job = json.loads(sys.argv[1])
    outputs = [Output(**output) for output in job["outputs"]]
    extra = {column for output in outputs for column in output.ask.columns()}
    users = tuple(job["sample"]) if job["sample"] else None
    log = exact.Log(job["log"], job["questions"], outputs[0].ask.column, extra, job["truth"], users, job.get("fees"))
    for output in outputs:
        output.align(log)
        output.wanted = {name for name, *_ in output.ask.features()}
    compare(log, outputs)
    for output in outputs:
        print(json.dumps({**output.record(log), "truth": job["truth"]}))


if __name__ == "__main__":
    main()
