"""Runs the example's DAG in Airflow, by its own PythonOperator, with a wheel.

    python python/tests/airflow_operator.py WHEEL [FOLDER]

Airflow comes from the pinned list `airflow.txt` beside this, into an environment in FOLDER that is kept by that list; without
FOLDER it is temporary. Its database is SQLite, made anew.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"

#: Runs in the environment: the run of one day, as the scheduler would ask for it.
RUN = """
import datetime
from airflow.utils.db import initdb
initdb()
from airflow.providers.standard.operators.python import PythonOperator
import airflow_dag
assert [type(task) for task in airflow_dag.dag.tasks] == [PythonOperator]
day = datetime.datetime(2013, 3, 1, tzinfo=datetime.timezone.utc)
for turn in ("first", "again"):
    run = airflow_dag.dag.test(logical_date=day)
    [task] = run.get_task_instances()
    print("told", turn, run.state, task.state, task.operator, task.xcom_pull(task_ids="training_set"), flush=True)
print("direct", airflow_dag.make_training_set("2013-03-01", "direct"))
"""


def run(wheel: str, folder: pathlib.Path) -> None:
    wanted = HERE / "airflow.txt"
    place = folder / f"airflow-{hashlib.sha256(sys.version.encode() + wanted.read_bytes()).hexdigest()[:12]}"
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if not (place / "whole").exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([*pip, "--requirement", str(wanted)], check=True)
        (place / "whole").touch()
    subprocess.run([*pip, "--force-reinstall", wheel], check=True)
    with tempfile.TemporaryDirectory() as home:
        settings = {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(EXAMPLES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TRAINING_SETS": f"{home}/sets",
        }
        done = subprocess.run([python, "-c", RUN], cwd=home, env={**os.environ, **settings}, capture_output=True, text=True)
        told = [line for line in done.stdout.splitlines() if line.startswith(("told", "direct"))]
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        made = told[-1].removeprefix("direct ")
        assert "'made': 1" in made, made
        # The second run finds the part of the first.
        again = made.replace("'made': 1", "'made': 0")
        assert told[:-1] == [f"told first success success PythonOperator {made}", f"told again success success PythonOperator {again}"], told
        assert (pathlib.Path(home) / "sets" / "2013-03-01").is_dir()
    print(f"airflow: {told[0]}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
    else:
        with tempfile.TemporaryDirectory() as name:
            run(sys.argv[1], pathlib.Path(name))
