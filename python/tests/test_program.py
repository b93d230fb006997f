"""Programs: compiling, messages as data, what they declare, how they look."""

import datetime
import json
import pickle
import subprocess
import sys

import pytest
from conftest import FLIGHTS, SHOP, assert_same, payments, questions

import featc

BROKEN = SHOP.replace("sum(amount)", "sum(amout)")


def test_a_broken_program_says_where(tmp_path, command_line):
    with pytest.raises(featc.CompileError) as refused:
        featc.Program(BROKEN)
    first = refused.value.diagnostics[0]
    assert first.code == "E0110" == refused.value.code and first.severity == "error"
    assert first.place.line == BROKEN[: BROKEN.index("amout")].count("\n") + 1
    assert BROKEN.encode()[first.place.offset : first.place.end["offset"]] == b"amout"
    assert first.edit is None or first.edit.replacement == "amount"
    path = tmp_path / "broken.feat"
    path.write_text(BROKEN)
    with pytest.raises(featc.CompileError) as refused:
        featc.Program(path)
    assert str(refused.value).strip() == command_line("check", path, code=1).stderr.strip()
    assert pickle.loads(pickle.dumps(refused.value)).args == refused.value.args


@pytest.mark.parametrize("program", ["nowhere.feat", "nowhere/", "data.parquet", "x" * 100_000, "a\0b"])
def test_no_program_there(tmp_path, program, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    with pytest.raises(featc.CompileError) as refused:
        featc.Program(program)
    assert refused.value.code


@pytest.mark.parametrize("program", [None, 7, b"module x", {}])
def test_what_is_no_program(program):
    with pytest.raises(TypeError, match="a path or a text"):
        featc.Program(program)


def test_warnings_are_python_warnings():
    text = SHOP.replace('  owner "payments"\n', "")
    with pytest.warns(featc.FeatcWarning) as told:
        program = featc.Program(text)
    assert [warning.code for warning in program.warnings] == ["W0102"] == [t.message.diagnostic.code for t in told]
    assert told[0].filename == __file__


def test_what_a_program_declares(shop):
    assert shop.module == "shop" and len(shop.hash) == 32
    service = shop.services["risk"]
    assert service.keys == {"card": "int64"} and service.self_columns == {} and service.sources == ["txn"]
    assert service.columns[:2] == ["spend__total_1h", "spend__total_1d"]
    features = shop.features.to_pydict()
    assert features["name"][0] == "spend.total_1h" and features["window"][:2] == ["1h", "1d"]
    assert set(features["entity"]) == {"card"} and set(features["owner"]) == {"payments"} and set(features["tags"]) == {"money"}
    assert features["doc"][2] == "Payments." and features["type"][3].startswith("decimal")
    assert len(set(features["fingerprint"])) == len(shop.features)
    assert shop.features.to_pandas().shape == (len(shop.features), 9)
    assert shop.features["spend.times"] == shop.features["spend__times"] == shop.features.to_pylist()[2]
    with pytest.raises(KeyError, match="no feature 'spend__time'; near it: spend.times"):
        shop.features["spend__time"]
    with pytest.raises(KeyError, match="there are: spend.total_1h, "):
        shop.features["?"]
    with pytest.raises(TypeError, match="Features is no frame: take to_pandas\\(\\)\\['name'\\]"):
        shop.features["name"]


def test_fields_of_a_request_are_columns_of_questions():
    text = SHOP + """
request payment (price: float64, shop: string)
service asked {
  spend.total_1d
  feature ratio = payment.price / spend.total_1d default -1.0
  feature there = payment.shop = "a" default false
}
"""
    program = featc.Program(text)
    service = program.services["asked"]
    assert service.keys == {"card": "int64"} and service.request == {"price": "float64", "shop": "string"}
    assert program.services["risk"].request == {}
    assert service.columns == ["spend__total_1d", "ratio", "there"]
    at = "2024-05-01T14:00:00Z"
    online = program.online("complete")
    online.push("txn", payments())
    asked = {"card": [1, 2, 3], "price": [10, None, 2.5], "shop": ["a", "b", None]}
    answers = online.read("asked", asked, at).to_pydict()
    totals = answers["spend__total_1d"]
    assert all(total for total in totals)
    assert answers["ratio"] == [10 / totals[0], -1.0, 2.5 / totals[2]]
    assert answers["there"] == [True, False, False]
    trained = program.train("asked", {**asked, "timestamp": [datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))] * 3}, sources={"txn": payments()}, truth="complete")
    assert trained.to_pydict()["ratio"] == answers["ratio"]
    with pytest.raises(featc.RunError, match="shop"):
        online.read("asked", {"card": [1], "price": [1.0]}, at)
    got = program.get("asked", {"card": 1, "price": 10.0, "shop": "a"}, at, sources={"txn": payments()}, truth="complete")
    assert got["ratio"].value == answers["ratio"][0] and got["there"].value is True


def test_plans(shop):
    plan = shop.plan("risk")
    assert "txn" in plan.batch and "txn" in plan.stream and plan.mermaid.startswith(("flowchart", "graph"))
    assert str(plan).startswith(plan.batch)
    with pytest.raises(featc.RunError, match="unknown service `other`"):
        shop.plan("other")


def test_format(shop, tmp_path, command_line):
    untidy = SHOP.replace("  feature total", "        feature    total")
    path = tmp_path / "shop.feat"
    path.write_text(untidy)
    text = featc.Program(path).fmt()
    assert path.read_text() == untidy
    assert featc.fmt(path, check=True) == [str(path)]
    assert featc.fmt(path) == [str(path)] and path.read_text() == text
    assert featc.fmt(path, check=True) == [] and command_line("fmt", "--check", path)
    path.write_text("module x {")
    with pytest.raises(featc.CompileError):
        featc.fmt(path)


def test_a_build_is_a_program(shop, tmp_path, command_line):
    folder = shop.build(tmp_path)
    assert folder == tmp_path / "shop" and command_line("certify", folder)
    again = featc.Program(folder)
    assert again.hash == shop.hash and again.services == shop.services
    assert_same(again.train("risk", questions(), sources={"txn": payments()}), shop.train("risk", questions(), sources={"txn": payments()}))
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / next(iter(manifest["files"]))).write_text("{}")
    with pytest.raises(featc.CompileError):
        featc.Program(folder)


def test_paths_of_a_text_are_relative_to_base(tmp_path):
    import pyarrow.parquet

    pyarrow.parquet.write_table(payments(), tmp_path / "txn.parquet")
    text = SHOP.replace("  lateness 1d\n", '  lateness 1d\n  batch parquet "txn.parquet"\n')
    program = featc.Program(text, base=tmp_path)
    assert_same(program.train("risk", questions()), program.train("risk", questions(), sources={"txn": payments()}))


def test_how_things_look(shop):
    page = shop._repr_html_()
    assert page.count("<rect") == 3 and page.count("<path") == 2 and "Sum of amounts." in page
    found = shop.train("risk", questions(), sources={"txn": payments()}, status=True)
    page = found._repr_html_()
    assert "120 rows" in page and "missing" in page and "spend__total_1h__status" not in page
    assert "rows" in repr(found) and "shop" in repr(shop)
    risky = featc.Program(SHOP.replace("/// Payments.", "/// <script>alert(1)</script>"))
    assert "<script>" not in risky._repr_html_()


def test_help_is_enough_to_start():
    text = featc.__doc__
    assert "Program(" in text and ".train(" in text
    for name in featc.__all__:
        thing = getattr(featc, name)
        if callable(thing):
            assert thing.__doc__, name
    for kind in (featc.Program, featc.Online, featc.TrainingSet, featc.Table):
        for name, thing in vars(kind).items():
            if not name.startswith("_") and (callable(thing) or isinstance(thing, property)):
                assert thing.__doc__, f"{kind.__name__}.{name}"


def test_explain():
    assert "E0110" in featc.explain("E0110")
    with pytest.raises(featc.RunError, match="E01"):
        featc.explain("E01100")


def test_neither_pandas_nor_polars_nor_pyarrow(tmp_path):
    """With none of them installed a training set is made from files and read as Python values."""
    code = f"""
import sys
for name in ("pandas", "polars", "pyarrow", "numpy", "tqdm"):
    sys.modules[name] = None
import featc
program = featc.Program({str(FLIGHTS / "flights.feat")!r})
train = program.train("fleet_v1", {str(FLIGHTS / "data/spine-q1.csv")!r})
rows = train.to_pylist()
assert len(rows) == len(train) > 1000 and rows[-1]["timestamp"].tzinfo is not None
online = program.online("complete")
print(len(rows))
"""
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip().isdigit()


def test_pandas_without_pyarrow():
    code = f"""
import sys
sys.modules["pyarrow"] = None
import featc, pandas
program = featc.Program({SHOP!r})
at = pandas.to_datetime(["2024-05-01T10:00:00Z", "2024-05-01T10:10:00Z"])
txn = pandas.DataFrame({{"id": [1, 2], "card": [5, 5], "amount": [1.5, float("nan")], "price": [None, None], "shop": ["a", None],
    "paid": [True, False], "day": [None, None], "took": [None, None], "n": [1, None], "at": at, "known_at": at}})
spine = pandas.DataFrame({{"card": [5, 6], "timestamp": pandas.to_datetime(["2024-05-01T11:00:00Z"] * 2)}})
found = program.train("risk", spine, sources={{"txn": txn}}, truth="complete").to_pandas()
assert found["spend__times"].tolist() == [2, 0], found
assert found["spend__total_1d"].tolist()[0] == 1.5 and str(found["timestamp"].dtype).startswith("datetime64"), found.dtypes
print("well")
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "well", done.stderr


def test_what_is_raised_can_be_pickled(shop):
    with pytest.raises(featc.CompileError) as refused:
        featc.Program(SHOP.replace("sum(amount)", "sum(amout)"))
    error = refused.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is featc.CompileError and str(again) == str(error) and again.code == error.code
    assert [repr(one) for one in again.diagnostics] == [repr(one) for one in error.diagnostics]
    assert repr(again.diagnostics[0].place) == repr(error.diagnostics[0].place)
    warning = featc.FeatcWarning(error.diagnostics[0])
    again = pickle.loads(pickle.dumps(warning))
    assert str(again) == str(warning) and again.diagnostic.text == warning.diagnostic.text
    bug = pickle.loads(pickle.dumps(featc.Bug("why")))
    assert type(bug) is featc.Bug and str(bug) == "why"


def test_a_broken_promise_while_compiling_is_a_bug():
    from featc._errors import settle

    class Outcome:
        refused, messages = True, [("E9999", True, "on purpose", "")]

    with pytest.raises(featc.Bug):
        settle(Outcome, featc.CompileError)
    Outcome.messages = [("E0001", True, "on purpose", "")]
    with pytest.raises(featc.CompileError):
        settle(Outcome, featc.CompileError)
