"""Backfill, verify, get, replay and training sets in files: what the command line does."""

import datetime
import decimal
import json
import threading

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from conftest import SHOP, assert_same, payments, questions

import featc
from featc.testing import case


def rows_of(folder):
    return pyarrow.concat_tables(pyarrow.parquet.read_table(part) for part in sorted(folder.glob("*.parquet")))


def test_backfill(shop, command_line):
    command_line.train(questions(), payments())
    command_line(
        "backfill", "shop.feat", "--service=risk", "--from=2024-05-01T08:00:00Z", "--to=2024-05-01T16:00:00Z",
        "--every=1h", "--chunk=4h", "--out=theirs", "--source=txn=txn.parquet",
    )  # fmt: skip
    made = shop.backfill(
        command_line.folder / "mine",
        service="risk",
        start="2024-05-01T08:00:00Z",
        end=datetime.datetime(2024, 5, 1, 16, tzinfo=datetime.timezone.utc),
        every=datetime.timedelta(hours=1),
        chunk="4h",
        sources={"txn": payments()},
        verify=5,
    )
    assert made["parts"] == made["made"] == 2 and made["verified"]["rows"] == 5 and made["verified"]["differ"] == 0
    assert made["rows"] == len(rows_of(command_line.folder / "mine")) > 5 and made["verified"]["compared"] == 5 * len(shop.features)
    assert_same(rows_of(command_line.folder / "mine"), rows_of(command_line.folder / "theirs"))
    again = shop.backfill(command_line.folder / "mine", service="risk", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", every="1h", chunk="4h", sources={"txn": payments()})
    assert again["made"] == 0 and again["rows"] == made["rows"] and "verified" not in again
    some = shop.backfill(command_line.folder / "some", view="spend", start="2024-05-01T08:00:00Z", end="2024-05-01T10:00:00Z", every="1h", entities={"card": [3]}, sources={"txn": payments()})
    assert some["rows"] == 2
    with pytest.raises(featc.RunError) as refused:
        shop.backfill(command_line.folder / "mine", service="risk", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", every="2h", sources={"txn": payments()})
    assert "begun" in str(refused.value)


def test_verify(shop, tmp_path):
    result = shop.verify("risk", questions(), sources={"txn": payments()}, metamorphic=True, junit=tmp_path / "junit.xml")
    assert result["differ"] == 0 and result["rows"] == 120
    # Half of a sample are rows of the spine, the rest are questions at edges.
    assert (result["model_rows"], result["edges"]) == (50, 50)
    assert shop.verify("risk", questions(), sources={"txn": payments()}, sample=1_000)["model_rows"] == 120
    assert (tmp_path / "junit.xml").read_text().startswith("<?xml")


def test_get(shop, command_line):
    command_line.train(questions(), payments())
    done = command_line("get", "shop.feat", "--service=risk", "--key=card=3", "--at=2024-05-01T10:00:00Z", "--source=txn=txn.parquet", "--json")
    theirs = json.loads(done.stdout)["features"]
    mine = shop.get("risk", {"card": 3}, "2024-05-01T10:00:00Z", sources={"txn": payments()})
    assert [{"name": name, "value": answer.value, "status": answer.status} for name, answer in mine.items()] == theirs
    with pytest.raises(featc.RunError, match="no such key"):
        shop.get("risk", {"cart": 3}, "2024-05-01T10:00:00Z", sources={"txn": payments()})


def test_files_are_those_of_the_command_line(shop, command_line):
    expected = command_line.train(questions(), payments())
    out = command_line.folder / "mine.parquet"
    told = shop.train_to(out, "risk", questions(), sources={"txn": payments()})
    assert told["report"]["rows"] == 120 and told["columns"] == expected.num_columns
    assert_same(pyarrow.parquet.read_table(out), expected)
    shop.train_to(command_line.folder / "paths.parquet", "risk", command_line.folder / "spine.parquet", sources={"txn": command_line.folder / "txn.parquet"})
    replayed = command_line.folder / "replayed.arrow"
    shop.replay(replayed, "risk", questions(), sources={"txn": payments()}, restart_every=100)
    assert_same(pyarrow.ipc.open_file(replayed).read_all(), expected)
    with pytest.raises(featc.RunError):
        shop.train_to(command_line.folder / "txn.parquet", "risk", questions(), sources={"txn": command_line.folder / "txn.parquet"})


def test_a_training_set_is_made_again(shop, command_line):
    command_line.train(questions(), payments())
    folder = command_line.folder
    options = {"out": folder / "again.parquet", "program": folder / "shop.feat"}
    told = featc.reproduce(folder / "out.parquet", **options)
    assert (folder / "again.parquet").read_bytes() == (folder / "out.parquet").read_bytes() and told["report"]["rows"] == 120
    shop.train_to(folder / "memory.parquet", "risk", questions(), sources={"txn": payments()})
    for record, code in ((folder / "memory.parquet", "E09"), (folder / "nowhere.parquet", "E0901"), (folder / "txn.parquet", "E09")):
        with pytest.raises(featc.RunError) as refused:
            featc.reproduce(record, **options)
        assert refused.value.code.startswith(code), refused.value.code
    explained = shop.train_to(folder / "explained.parquet", "risk", questions(), sources={"txn": payments()}, explain=True)
    assert any("rows" in line for line in explained["plan"])
    assert "Apache" in featc.notices()


def test_options_of_every_command(shop, tmp_path):
    """Those that no parameter names are the command line's."""
    txn, temp = {"txn": payments()}, {"temp_dir": tmp_path, "memory_limit": "64MB", "threads": 1}
    assert shop.verify("risk", questions(), sources=txn, shuffle=3, restart_every=50, chunk=7, report=tmp_path / "report.json", **temp)["differ"] == 0
    assert json.loads((tmp_path / "report.json").read_text())["rows"] == 120
    span = {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T10:00:00Z", "every": "1h"}
    made = shop.backfill(tmp_path / "out", service="risk", sources=txn, verify=2, seed=5, rejected=tmp_path / "rejected.jsonl", status=True, at_column="at", **span, **temp)
    assert {"at", "spend__times__status"} <= set(rows_of(tmp_path / "out").column_names) and made["verified"]["differ"] == 0
    assert shop.get("risk", {"card": 3}, "2024-05-01T10:00:00Z", sources=txn, truth="complete", max_rejected=0.5, **temp)


EVENT = {"card": 1, "price": "1.50", "shop": "a", "paid": True, "day": "2024-05-01", "took": "1m30s", "n": 1}


def test_cases_in_python():
    events = [
        {**EVENT, "id": 1, "amount": 5, "at": "2024-05-01T10:00:00Z", "known_at": "2024-05-01T10:00:02Z"},
        {**EVENT, "id": 2, "amount": None, "at": "2024-05-01T10:00:01Z", "known_at": "2024-05-01T10:00:01Z"},
    ]
    ask = [{"card": 1, "timestamp": "2024-05-01T10:00:01Z"}, {"card": 1, "timestamp": "2024-05-01T10:00:02Z"}, {"card": 2, "timestamp": "2024-05-01T10:00:02Z"}]
    expect = {
        "spend__total_1h": [None, 5.0, None],
        "spend__times": [1, 2, 0],
        "spend__price": ["1.50", "3.00", None],
        "spend__took": ["1m30s", "1m30s", None],
        "spend__day": ["2024-05-01", "2024-05-01", None],
        "spend__times__status": ["ok", "ok", "missing"],
        "spend__recent": [[None], [5.0, None], None],
    }
    case(SHOP, events={"txn": events}, ask=ask, expect=expect)
    with pytest.raises(AssertionError, match=r"spend__times, question 2 of 3: 2 \(ok\), expected 3"):
        case(SHOP, events={"txn": events}, ask=ask, expect={"spend__times": [1, 3, 0]})
    with pytest.raises(AssertionError, match="no column"):
        case(SHOP, events={"txn": events}, ask=ask, expect={"total": [1, 3, 0]})
    case(SHOP, events={}, ask=ask, expect={"spend__times": [0, 0, 0]})


def test_a_backfill_goes_on_with_the_same_rows_only(shop, tmp_path):
    """Sources and entities in memory are known by their values, and not by how they are cut."""
    options = {"service": "risk", "start": "2024-05-01T08:00:00Z", "end": "2024-05-01T16:00:00Z", "every": "1h", "chunk": "4h"}
    cards = {"card": [1, 2, 3]}
    shop.backfill(tmp_path / "out", sources={"txn": payments()}, entities=cards, **options)
    known = json.loads((tmp_path / "out" / "_checkpoint.json").read_text())
    assert known["entities"]["path"] == "memory" and str(tmp_path) not in json.dumps(known)
    assert len(known["entities"]["xxh3_128"]) == len(known["sources"][0]["files"][0]["xxh3_128"]) == 32
    (tmp_path / "out" / known["done"][1]["file"]).unlink()
    txn = payments()
    cut = pyarrow.Table.from_batches(txn.to_batches(max_chunksize=37))
    place = txn.column_names.index("n")
    other = txn.set_column(place, "n", pyarrow.array([5 if value == 4 else value for value in txn["n"].to_pylist()], pyarrow.int64()))
    with pytest.raises(featc.RunError, match="another content") as refused:
        shop.backfill(tmp_path / "out", sources={"txn": other}, entities=cards, **options)
    assert refused.value.code == "E0911"
    with pytest.raises(featc.RunError, match="the entities"):
        shop.backfill(tmp_path / "out", sources={"txn": txn}, entities={"card": [1, 2, 4]}, **options)
    assert shop.backfill(tmp_path / "out", sources={"txn": cut}, entities=pandas.DataFrame({"card": [1.0, 2.0, 3.0]}), **options)["made"] == 1


def test_keys_as_text():
    from featc._program import _key_text

    assert _key_text(decimal.Decimal("1E+2")) == "100"
    assert _key_text(datetime.timedelta(seconds=90)) == "90000000us"


def test_rows_that_change_under_verify(shop):
    """Somebody writes into the memory that is read: that is no fault of the engines."""
    rows = payments(2_000)
    numbers = numpy.arange(2_000, dtype=numpy.float64)
    rows = rows.set_column(rows.column_names.index("amount"), "amount", pyarrow.array(numbers))
    done = threading.Event()

    def write():
        while not done.is_set():
            numbers[:] = numbers + 1.0
            done.wait(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(featc.RunError) as refused:
            shop.verify("risk", questions(200), sources={"txn": rows}, progress=False)
    finally:
        done.set()
        writer.join()
    assert refused.value.code == "E0911", refused.value
    assert "`memory` of source `txn` changed during the run" in str(refused.value) and "pass a copy of the rows" in str(refused.value)
    assert shop.verify("risk", questions(200), sources={"txn": rows}, progress=False)["differ"] == 0
