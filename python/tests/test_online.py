"""Online values: equal to training sets, by every way in, and after restarts."""

import datetime
import threading

import pandas
import pyarrow
import pytest
from conftest import SHOP, assert_same, payments, questions

import featc

UTC = datetime.timezone.utc


def test_answers_are_those_of_a_training_set(shop):
    spine = questions(40)
    expected = shop.train("risk", spine, sources={"txn": payments()}, status=True).to_arrow()
    online = shop.online()
    report = online.push("txn", payments())
    assert report["rows"] == report["accepted"] == report["waiting"] == 400 and report["rejected"] == []
    answers = []
    for row in spine.to_pylist():
        online.advance(row["timestamp"])
        answers.append(online.read("risk", {"card": row["card"]}, status=True).to_arrow())
        assert online.cut == row["timestamp"]
    assert_same(pyarrow.concat_tables(answers), expected.select(answers[0].column_names))


def test_every_kind_of_rows(shop):
    reference = shop.online("complete")
    reference.push("txn", payments())
    at = "2024-05-01T14:00:00Z"
    expected = reference.read("risk", {"card": [0, 1]}, at)
    frame = payments().to_pandas(types_mapper=pandas.ArrowDtype)
    for rows in (frame, payments().to_pydict(), payments().to_pylist(), payments().to_reader(max_chunksize=7)):
        online = shop.online("complete")
        assert online.push("txn", rows)["accepted"] == 400
        for entities in (pandas.DataFrame({"card": [0, 1]}), [{"card": 0}, {"card": 1}], pyarrow.table({"card": [0, 1]})):
            assert_same(online.read("risk", entities, at), expected)
        assert_same(online.read("risk", {"card": [0, 1]}, [at, datetime.datetime(2024, 5, 1, 14, tzinfo=UTC)]), expected)


def test_rows_that_cannot_be_used_are_told(shop):
    online = shop.online("complete")
    rows = payments(3).to_pylist()
    rows[1]["id"] = None
    rows[2]["known_at"] += datetime.timedelta(days=3)
    report = online.push("txn", rows)
    assert report["accepted"] == 1
    assert [(r["place"], r["reason"]) for r in report["rejected"]] == [(2, "null_in_required"), (3, "late")]
    with pytest.raises(featc.RunError, match="card"):
        online.push("txn", payments().drop_columns(["card"]))
    with pytest.raises(featc.RunError, match="unknown source|no source"):
        online.push("other", payments())


def test_restarts(shop, tmp_path):
    online = shop.online()
    online.push("txn", payments())
    online.advance("2024-05-01T10:00:00Z")
    asked = online.read("risk", {"card": list(range(7))}, status=True)
    again = shop.online()
    assert again.restore(online.snapshot())["is_whole"]
    assert_same(again.read("risk", {"card": list(range(7))}, status=True), asked)
    online.save(tmp_path / "state")
    third = shop.online()
    assert third.load(tmp_path / "state")["is_whole"] and third.snapshot() == online.snapshot()
    assert third.stats()[0]["events"] + third.stats()[0]["waiting"] > 0
    for broken in (b"", b"x" * 100, online.snapshot()[:-3]):
        with pytest.raises(featc.RunError, match="snapshot"):
            again.restore(broken)
    assert_same(again.read("risk", {"card": list(range(7))}, status=True), asked)


def test_another_version_of_the_program(shop):
    online = shop.online("complete")
    online.push("txn", payments())
    other = featc.Program(SHOP.replace("amount: float64?", "amount: float64?, extra: int64?")).online("complete")
    report = other.restore(online.snapshot())
    assert not report["is_whole"] and report["to_rebuild"][0]["source"] == "txn"
    with pytest.raises(featc.RunError, match="rebuilt"):
        other.read("risk", {"card": 1}, "2024-05-01T14:00:00Z")
    other.push("txn", payments().append_column("extra", pyarrow.array([None] * 400, pyarrow.int64())))
    assert other.rebuilt()
    assert_same(other.read("risk", {"card": 1}, "2024-05-01T14:00:00Z"), online.read("risk", {"card": 1}, "2024-05-01T14:00:00Z"))


def test_what_cannot_be_asked(shop):
    online = shop.online()
    with pytest.raises(ValueError, match="no cut yet"):
        online.read("risk", {"card": 1})
    online.advance("2024-05-01T10:00:00Z")
    with pytest.raises(featc.RunError, match="cannot go back"):
        online.advance("2024-05-01T09:00:00Z")
    with pytest.raises(featc.RunError, match="cut is at"):
        online.read("risk", {"card": 1}, "2024-05-01T12:00:00Z")
    with pytest.raises(featc.RunError, match="unknown service"):
        online.read("other", {"card": 1})
    with pytest.raises(featc.RunError, match="card"):
        online.read("risk", {"cart": 1})
    with pytest.raises(ValueError, match="truth"):
        shop.online("sometimes")
    assert shop.online(delay="5m").truth == "as-of-arrival"


def test_threads_share_one_object(shop):
    online = shop.online("complete")
    online.push("txn", payments())
    expected = online.read("risk", {"card": list(range(7))}, "2024-05-01T14:00:00Z").to_pydict()
    wrong = []

    def work():
        for _ in range(30):
            online.push("txn", payments(50))
            if online.read("risk", {"card": list(range(7))}, "2024-05-01T14:00:00Z").to_pydict() != expected:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


def test_the_cut_is_taken_with_the_answer(shop):
    """As of arrival a question at any other instant than the cut is refused, so a cut that moves in between would show."""
    online = shop.online()
    online.push("txn", payments())
    begin = datetime.datetime(2024, 5, 1, 8, tzinfo=UTC)
    online.advance(begin)
    over, refused, read = threading.Event(), [], [0]

    def work():
        while not over.is_set():
            try:
                online.read("risk", {"card": [1, 2]})
                read[0] += 1
            except featc.RunError as error:
                refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    for second in range(1, 300):
        online.advance(begin + datetime.timedelta(seconds=second))
    over.set()
    [thread.join() for thread in threads]
    assert not refused and read[0] > 10


def test_after_a_panic_only_another_state_is_taken(shop):
    online = shop.online("complete")
    online.push("txn", payments())
    state, at = online.snapshot(), "2024-05-01T14:00:00Z"
    expected = online.read("risk", {"card": 1}, at)
    with pytest.raises(featc.Bug, match="in the middle of something"):
        online._inner._panic()
    for call in (lambda: online.read("risk", {"card": 1}, at), lambda: online.push("txn", payments()), lambda: online.cut, online.snapshot):
        with pytest.raises(featc.Bug, match="until `restore`"):
            call()
    assert "unknown" in repr(online)
    with pytest.raises(featc.RunError, match="snapshot"):
        online.restore(b"")
    with pytest.raises(featc.Bug):
        online.stats()
    assert online.restore(state)["is_whole"]
    assert_same(online.read("risk", {"card": 1}, at), expected)


def test_structs_of_a_frame_are_not_left_out():
    """Columns inside of a struct are there with it; a list that may be null may be left out."""
    text = """module shop

entity user (user: string)

source orders {
  columns (id: int64, user: string, who: struct<city: string?>, tags: list<string>?, lines: list<struct<sku: string>>?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}

view seen of user from orders {
  owner "shop"
  /// Where from.
  feature city = last(who.city) over 7d
  /// The first of what was said of it.
  feature tag = last(tags[1]) over 7d
  /// What it was of.
  feature sku = last(lines.sku[1]) over 7d
}

service all { seen.* }
"""
    program = featc.Program(text)
    at = datetime.datetime(2024, 5, 1, 10, tzinfo=datetime.timezone.utc)
    later = at + datetime.timedelta(hours=1)
    row = dict(id=1, user="u", who={"city": "Paris"}, tags=["x"], lines=[{"sku": "a"}], at=at, seen=at)
    table = pyarrow.Table.from_pylist([row])
    for rows, tag in [(table, "x"), (table.to_pandas(), "x"), (table.drop_columns(["tags"]), None)]:
        online = program.online("complete")
        pushed = online.push("orders", rows)
        assert (pushed["accepted"], pushed["undeclared"]) == (1, [])
        online.advance(later)
        (answer,) = online.read("all", {"user": ["u"]}).to_arrow().to_pylist()
        assert [answer[f"seen__{name}"] for name in ("city", "tag", "sku")] == ["Paris", tag, "a"]
