"""A daily training set with Airflow: a plain function, and the DAG that calls it.

The function runs by itself, too: `python airflow_dag.py 2013-03-01 out/`. Where Airflow is not installed there is no DAG.
"""

import datetime
import os
import pathlib
import sys

import featc

FLIGHTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights"


def make_training_set(day: str, out: str) -> dict:
    """Features of every departure of a day, as they were known at its scheduled departure. Gives what was written."""
    program = featc.Program(FLIGHTS / "flights.feat")
    start = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc)
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    result = program.backfill(
        pathlib.Path(out) / day,
        view="carrier_punctuality",
        start=start,
        end=start + datetime.timedelta(days=1),
        at_events=True,
    )
    # A task that is retried goes on where it was: parts that are done stay.
    return {"rows": result["rows"], "parts": result["parts"], "made": result["made"]}


try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    DAG = None

if DAG is not None:
    with DAG("flight_delays", start_date=datetime.datetime(2013, 1, 1), schedule="@daily", catchup=False) as dag:
        PythonOperator(
            task_id="training_set",
            python_callable=make_training_set,
            op_kwargs={"day": "{{ ds }}", "out": os.environ.get("TRAINING_SETS", "/data/training")},
            retries=2,
        )

if __name__ == "__main__":
    print(make_training_set(*sys.argv[1:3]))
