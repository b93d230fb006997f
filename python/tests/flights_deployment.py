"""The flights example as a deployment: `examples/flights/deploy.py` with a real broker and Feast's SDK.

    FEATC_BIN=target/debug/featc python python/tests/flights_deployment.py [FOLDER]

The environment is that of `feast_sdk.py`, in FOLDER; the broker is Apache Kafka, which `tests/kafka/start` runs.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import feast_sdk

ROOT = feast_sdk.HERE.parents[1]


def run(folder):
    featc = os.environ.get("FEATC_BIN", str(ROOT / "target" / "debug" / "featc"))
    words = [feast_sdk.environment(folder), ROOT / "examples" / "flights" / "deploy.py", "--featc", os.path.abspath(featc)]
    done = subprocess.run([*words, "--start-brokers", ROOT / "tests" / "kafka" / "start"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    assert "nothing lost, nothing twice" in done.stdout, done.stdout
    print(done.stdout, end="", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(pathlib.Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as name:
            run(pathlib.Path(name))
