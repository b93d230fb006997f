"""What every peer shares: `peer_NAME.py METHOD JOB`, where JOB is a JSON object that `cases.py` writes.

A peer reads the log and the questions, computes the features of the job for every question, and writes one Parquet file
(zstd) with `row_id` and the features, rows in any order. Empty windows count 0 or null. It prints the seconds it took
without interpreter and imports. No peer removes copies, unless the job says that the log has some; featc always does.
"""
import json
import sys
import time

import program


def job():
    method, text = sys.argv[1:]
    fields = json.loads(text)
    fields["ask"] = program.ask(fields["ask"])
    return method, fields, time.perf_counter()


def done(began, version):
    print(json.dumps({"inner": round(time.perf_counter() - began, 3), "version": version}))
