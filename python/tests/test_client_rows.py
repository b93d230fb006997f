"""Rows that libraries hold in other types, or lack, pushed to a server: as `train` and `Online` take them; and how many go at once."""

import io
import pathlib

import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest
from conftest import SHOP, assert_same, payments, stamps
from test_train import KINDS

import featc
import featc._client

AT = "2024-05-01T09:00:00Z"
CARDS = {"card": list(range(7))}
FAR = {"history": "20000d"}
#: Rows may come long after their events, and so without an arrival.
OPEN = SHOP.replace("lateness 1d", "lateness unbounded")


@pytest.fixture(scope="module")
def program():
    return featc.Program(OPEN)


@pytest.fixture
def server(program):
    with program.serving(**FAR) as server:
        yield server


def rows_of(first=1, behind=50):
    """Rows whose numbers floats hold, too."""
    return payments(behind).slice(first)


def expected(program, rows):
    asked = {**CARDS, "timestamp": [AT] * 7}
    found = program.train("risk", asked, sources={"txn": rows}, truth="complete")
    return found.to_arrow().select(found.features)


def texts(rows):
    """As `pandas.read_csv(dtype=str)` has them."""
    frame = rows.drop_columns(["took"]).to_pandas(types_mapper=pandas.ArrowDtype)
    frame["amount"] = frame["amount"].where(frame["amount"] == frame["amount"])
    for name in ("at", "known_at"):
        frame[name] = [stamp.isoformat() for stamp in rows[name].to_pylist()]
    frame["paid"] = frame["paid"].map({True: "true", False: "false"})
    return pandas.read_csv(io.StringIO(frame.to_csv(index=False)), dtype=str).assign(took=None)


def floats(rows):
    price = rows["price"].to_pylist()
    return rows.set_column(rows.column_names.index("price"), "price", pyarrow.array([None if value is None else float(value) for value in price]))


FRAMES = {
    "pandas": lambda rows: rows.to_pandas(),
    "texts of pandas": texts,
    "texts of Polars": lambda rows: polars.DataFrame(pyarrow.Table.from_pandas(texts(rows))),
    "floats for decimals": floats,
    "a column of nothing": lambda rows: polars.DataFrame(rows).with_columns(shop=polars.lit(None), n=polars.lit(None)),
    "whole numbers for floats": lambda rows: [{**row, "amount": 2} for row in rows.to_pylist()],
    "dictionaries": lambda rows: rows.set_column(4, "shop", rows["shop"].combine_chunks().dictionary_encode()),
    "parts of several types": lambda rows: iter([rows.slice(0, 20).to_pandas(), rows.slice(20)]),
    "a lazy frame": lambda rows: polars.LazyFrame(polars.DataFrame(rows)),
}


@pytest.mark.parametrize("what", FRAMES)
def test_frames_are_taken_as_train_and_online_take_them(program, server, what):
    rows = rows_of()
    wanted = expected(program, FRAMES[what](rows))
    online = program.online("complete")
    assert online.push("txn", FRAMES[what](rows))["accepted"] == 49
    assert_same(online.read("risk", CARDS, AT), wanted)
    client = server.client()
    pushed = client.push("txn", FRAMES[what](rows))
    assert (pushed["accepted"], pushed["rejected"], pushed["undeclared"]) == (49, {}, [])
    assert_same(client.answer("risk", CARDS, AT).to_arrow().replace_schema_metadata(), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_pushed(program, server, kind):
    wanted = expected(program, payments())
    online = program.online("complete")
    accepted = online.push("txn", KINDS[kind](payments()))["accepted"]
    assert_same(online.read("risk", CARDS, AT), wanted)
    client = server.client()
    assert client.push("txn", KINDS[kind](payments()))["accepted"] == accepted
    assert_same(client.answer("risk", CARDS, AT).to_arrow().replace_schema_metadata(), wanted)


def test_columns_that_may_be_null_may_be_left_out(program, server):
    rows = rows_of()
    lacking = [name for name in rows.column_names if name not in ("id", "card", "at", "known_at", "n")]
    nulls = rows
    for name in lacking:
        field = rows.schema.field(name)
        nulls = nulls.set_column(rows.column_names.index(name), field, pyarrow.nulls(len(rows), field.type))
    wanted = expected(program, nulls)
    few = rows.drop_columns(lacking).append_column("amuont", rows["amount"])
    for given in (few, few.to_pandas(), few.to_pylist(), few.to_pydict(), polars.DataFrame(few)):
        online = program.online("complete")
        pushed = online.push("txn", given)
        assert (pushed["accepted"], pushed["undeclared"]) == (49, ["amuont"])
        assert_same(online.read("risk", CARDS, AT), wanted)
        with pytest.raises(featc.RunError, match="no column `known_at`"):
            online.push("txn", {"id": [1], "card": [1], "at": [AT]})
        # The server says when rows arrived that do not say it.
        for source in (given, few.drop_columns(["known_at"])):
            pushed = server.client().push("txn", source)
            assert (pushed["accepted"], pushed["rejected"], pushed["undeclared"]) == (49, {}, ["amuont"])
    for call in (program.online("complete").push, server.client().push):
        with pytest.raises(featc.RunError, match="no column `card`"):
            call("txn", {"id": [1], "at": [AT]})


def test_rows_that_say_no_arrival(program, server):
    client = server.client()
    rows = rows_of().to_pandas()
    for given in (rows.assign(known_at=None), rows.drop(columns="known_at"), polars.DataFrame(rows_of()).with_columns(known_at=polars.lit(None))):
        pushed = client.push("txn", given)
        assert pushed["accepted"] == 49 and pushed["arrival"] is not None
    assert client.push("txn", rows)["arrival"] is None


def test_questions_are_taken_as_online_takes_them(program, server):
    online, client = program.online("complete"), server.client()
    online.push("txn", rows_of())
    client.push("txn", rows_of())
    missing = pandas.DataFrame({"card": [1, 2, None]})
    assert str(missing["card"].dtype) == "float64"
    for entities in (missing, polars.DataFrame({"card": ["1", "2", None]}), {"card": ["1", "2", None]}, polars.DataFrame({"card": [None, None]})):
        assert_same(client.answer("risk", entities, AT).to_arrow().replace_schema_metadata(), online.read("risk", entities, AT))
    with pytest.raises(featc.RunError, match="timestamp") as refused:
        client.answer("risk", {"card": [1], "timestamp": [AT]})
    assert refused.value.code == "E0802"


def test_the_rows_of_a_server_are_pushed_to_another(program, tmp_path):
    """As frames of pandas, which has no integers, booleans or instants where something is missing."""
    with program.serving(tmp_path / "state", **FAR) as server:
        client = server.client()
        client.push("txn", rows_of().set_column(5, "paid", pyarrow.nulls(49, pyarrow.bool_())))
        before = client.answer("risk", CARDS, AT).to_arrow()
    (file,) = pathlib.Path(tmp_path / "state/pushed/txn").glob("*.parquet")
    with program.serving(**FAR) as server:
        client = server.client()
        assert client.push("txn", pandas.read_parquet(file))["accepted"] == 49
        assert_same(client.answer("risk", CARDS, AT).to_arrow().replace_schema_metadata(), before.replace_schema_metadata())


def test_what_is_declared_is_asked_once(server, monkeypatch):
    client, asked = server.client(), []
    services = client.services
    monkeypatch.setattr(client, "services", lambda: asked.append(1) or services())
    for _ in range(3):
        client.push("txn", rows_of())
        client.answer("risk", CARDS)
    assert len(asked) == 1
    # What a server declared that has another program by now is forgotten with the first refusal.
    other = featc._client._declarations({"sources": [{"name": "txn", "arrival": None, "columns": [{"name": "id", "type": "date", "nullable": False}]}], "services": []})
    client._known = other
    with pytest.raises(featc.RunError):
        client.push("txn", {"id": ["1"], "card": ["1"], "at": [AT]})
    assert client.push("txn", {"id": ["1"], "card": ["1"], "at": [AT]})["accepted"] == 1 and len(asked) == 2


def bodies(client, monkeypatch):
    """The sizes of what is pushed."""
    sizes, request = [], client._request

    def noted(method, path, body=None, headers=None):
        if "/v1/push/" in path:
            sizes.append(len(body))
        return request(method, path, body, headers)

    monkeypatch.setattr(client, "_request", noted)
    return sizes


def uneven(small=20_000, large=6, size=400_000):
    """Small rows, and some large ones after them."""
    count = small + large
    shops = [f"shop {i % 5}" for i in range(small)] + ["x" * size] * large
    return pyarrow.table({"id": range(count), "card": [i % 7 for i in range(count)], "shop": shops, "at": stamps([i % 3_000 for i in range(count)]), "known_at": stamps([i % 3_000 for i in range(count)])})


VIEWS = {
    "arrays": lambda table: table,
    "views": lambda table: table.set_column(2, "shop", table["shop"].cast(pyarrow.string_view())),
    "dictionary": lambda table: table.set_column(2, "shop", table["shop"].combine_chunks().dictionary_encode()),
    "batches": lambda table: pyarrow.Table.from_batches(table.to_batches(max_chunksize=777)),
}


@pytest.mark.parametrize("how", VIEWS)
def test_parts_are_cut_by_the_bytes_of_their_rows(server, monkeypatch, how):
    monkeypatch.setattr(featc._client, "PART_BYTES", 1 << 20)
    client = server.client()
    sizes = bodies(client, monkeypatch)
    pushed = client.push("txn", VIEWS[how](uneven()))
    assert pushed["accepted"] == 20_006
    # Each row is sent once, whatever arrays share; the largest part holds about as much as it may.
    assert max(sizes) < 1_150_000 and sum(sizes) < 5_000_000 and len(sizes) <= 8, sizes


def test_a_server_that_takes_fewer_rows(program, monkeypatch):
    with program.serving(max_rows=1_000, **FAR) as server:
        client = server.client()
        sizes = bodies(client, monkeypatch)
        bad = uneven(5_000, 0)
        bad = bad.set_column(3, "at", pyarrow.compute.if_else(pyarrow.compute.is_in(bad["id"], pyarrow.array([700, 4_321])), pyarrow.scalar(None, bad["at"].type), bad["at"]))
        pushed = client.push("txn", bad)
        assert (pushed["rows"], pushed["accepted"], pushed["rejected"]) == (5_000, 4_998, {"null_time": 2})
        assert [example["place"] for example in pushed["examples"]] == [701, 4_322]
        # 5000, 2500 and 1250 rows are too many; then come eight parts of 625.
        assert len(sizes) == 11, sizes


def test_a_server_that_takes_fewer_bytes(program, monkeypatch):
    """It says so when it has read the head of the request, while the body is still sent."""
    monkeypatch.setattr(featc._client, "PART_BYTES", 64 << 20)
    with program.serving(max_body=1, **FAR) as server:
        client = server.client()
        assert client.push("txn", uneven(100, 90))["accepted"] == 190
        with pytest.raises(featc.RunError) as refused:
            client.push("txn", uneven(3, 1, 20_000_000))
        assert refused.value.code == "E0803" and "1048576 bytes" in str(refused.value)
        assert client.push("txn", uneven(3, 0))["accepted"] == 3


def test_parts_say_when_the_last_of_them_arrived(program, tmp_path, monkeypatch):
    monkeypatch.setattr(featc._client, "PART_ROWS", 7)
    with program.serving(tmp_path / "state", **FAR) as server:
        reply = server.client().push("txn", rows_of().drop_columns(["known_at"]))
    kept = pyarrow.parquet.read_table(tmp_path / "state/pushed/txn")["known_at"]
    arrivals = pyarrow.compute.unique(kept)
    assert len(arrivals) > 1
    assert pandas.Timestamp(reply["arrival"]) == pandas.Timestamp(pyarrow.compute.max(arrivals).as_py())
