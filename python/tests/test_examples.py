"""The examples run, and the notebook magic works."""

import datetime
import importlib
import os
import pathlib
import re
import subprocess
import sys

import nbclient
import nbformat
import pyarrow.parquet
import pytest
from conftest import FLIGHTS, ROOT, SHOP

import featc

EXAMPLES = ROOT / "python" / "examples"


def test_the_notebook(monkeypatch):
    monkeypatch.setenv("FEATC_FLIGHTS", str(FLIGHTS))
    # Threads of scikit-learn spin where others work beside them.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(EXAMPLES / "delays.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    shown = [out for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]
    assert any("<svg" in out["data"].get("text/html", "") for out in shown)
    assert any("features, truth as-of-arrival" in out["data"].get("text/html", "") for out in shown)


def test_the_airflow_task(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    module = importlib.import_module("airflow_dag")
    made = module.make_training_set("2013-03-01", str(tmp_path))
    assert made["rows"] > 500 and made["made"] == made["parts"] >= 1
    assert module.make_training_set("2013-03-01", str(tmp_path))["made"] == 0
    rows = pyarrow.parquet.read_table(tmp_path / "2013-03-01")
    assert rows.num_rows == made["rows"]


def test_the_app(tmp_path, monkeypatch):
    from fastapi.testclient import TestClient

    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setenv("FEATURES_STATE", str(tmp_path / "state"))
    sys.modules.pop("fastapi_app", None)
    module = importlib.import_module("fastapi_app")
    flights = pyarrow.parquet.read_table(FLIGHTS / "data/flights-2013-q1.parquet").slice(0, 500).to_pylist()
    as_json = [{name: value.isoformat() if isinstance(value, datetime.datetime) else value for name, value in row.items()} for row in flights]
    entity = {"tailnum": flights[0]["tailnum"]}
    with TestClient(module.app) as client:
        assert client.post("/events/departures", json=as_json).json()["accepted"] == 500
        assert client.post("/events/nothing", json=as_json).status_code == 400
        client.post("/advance", params={"at": "2013-01-03T00:00:00+00:00"})
        first = client.post("/features/fleet_v1", json=[entity]).json()
        assert first[0]["aircraft_history__flights"] >= 1
    assert (tmp_path / "state").exists()
    sys.modules.pop("fastapi_app", None)
    with TestClient(importlib.import_module("fastapi_app").app) as client:
        assert client.post("/features/fleet_v1", json=[entity]).json() == first


def test_the_magic():
    from IPython.testing.globalipapp import start_ipython

    shell = start_ipython() or __import__("IPython").get_ipython()
    shell.run_line_magic("load_ext", "featc.notebook")
    program = shell.run_cell_magic("feat", "shop", SHOP)
    assert isinstance(program, featc.Program) and shell.user_ns["shop"] is program
    assert shell.run_cell_magic("feat", "shop", SHOP.replace("sum(amount)", "sum(amout)")) is None
    assert "shop" not in shell.user_ns
    with pytest.raises(Exception):
        shell.run_cell_magic("feat", "no name", SHOP)


PYTHON = re.compile(r"```python\n(.*?)```", re.S)


@pytest.mark.parametrize("frames", ["pandas", "polars", "neither"])
def test_the_twenty_lines(tmp_path, frames):
    """The first block of docs/python.md, where only one of the libraries is there."""
    page = (ROOT / "docs/python.md").read_text()
    block = PYTHON.findall(page)[0]
    assert len(block.splitlines()) <= 20
    hidden = {"pandas": ["polars"], "polars": ["pandas", "pyarrow"], "neither": ["pandas", "polars", "pyarrow", "numpy"]}[frames]
    result = {"pandas": "train.to_pandas()", "polars": "train.to_polars()", "neither": "train.to_pylist()"}[frames]
    code = f"import sys\nfor name in {hidden!r}:\n    sys.modules[name] = None\n{block}\nprint(len({result}))\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip().endswith("2"), done.stderr


#: A block, and the file that it is, if a line before it says so.
BLOCK = re.compile(r"(?:`([\w.-]+)`:\n\n)?```(\w+)\n(.*?)```", re.S)


@pytest.mark.parametrize("page, least", [("docs/python.md", 5), ("docs/first-program.md", 8), ("docs/tutorial.md", 8)])
@pytest.mark.filterwarnings("error::featc.FeatcWarning")
def test_every_block_of_a_page(tmp_path, monkeypatch, page, least):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    ran = 0
    for file, kind, text in BLOCK.findall((ROOT / page).read_text()):
        if file:
            pathlib.Path(file).write_text(text)
        elif kind == "python":
            exec(compile(text, page, "exec"), names)
            ran += 1
    assert ran >= least and pathlib.Path(os.getcwd()) == tmp_path
