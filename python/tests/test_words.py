"""Messages in the words of Python: arguments in place of options, and the next step for what beginners do."""

import datetime
import decimal
import re

import pandas
import polars
import pyarrow
import pytest
from conftest import SHOP, assert_same, payments, questions

import featc

OPTION = re.compile(r"--[a-z]|`featc |command")


def late(rows=40):
    """Payments, the last of which came too late."""
    table = payments(rows)
    known = pyarrow.compute.if_else(pyarrow.compute.greater(table["id"], 30), pyarrow.compute.add(table["at"], pyarrow.scalar(2 * 86_400_000_000, pyarrow.duration("us"))), table["known_at"])
    return table.set_column(table.column_names.index("known_at"), "known_at", known)


TXN = {"txn": payments()}

#: What is asked wrongly, and the argument that the message names.
REFUSED = {
    "naive instants": (lambda p: p.train("risk", questions().set_column(2, "timestamp", questions()["timestamp"].cast(pyarrow.timestamp("us"))), sources=TXN), '`zone="UTC"`'),
    "another name of the instant": (lambda p: p.train("risk", questions().rename_columns(["number", "card", "event_timestamp"]), sources=TXN), '`at_column="event_timestamp"`'),
    "no instant": (lambda p: p.train("risk", questions().drop_columns(["timestamp"]), sources=TXN), '`at_column="decided_at"`'),
    "no source": (lambda p: p.train("risk", questions()), '`sources={"txn": PATH}`'),
    "another source": (lambda p: p.train("risk", questions(), sources={"tnx": payments()}), '`sources={"tnx": …}`'),
    "pushed into another source": (lambda p: p.online().push("tnx", payments()), "unknown source `tnx`"),
    "rejected rows": (lambda p: p.train("risk", questions(), sources={"txn": late()}), "`max_rejected=9`"),
    "any rejected row": (lambda p: p.train("risk", questions(), sources={"txn": late()}, strict=True), "strict=True"),
    "nothing found": (lambda p: p.train("risk", {"card": [77], "timestamp": ["2024-05-01T10:00:00Z"]}, sources=TXN), '`max_missing="100%"`'),
    "neither every nor at_events": (lambda p: p.backfill("out", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", service="risk", sources=TXN), '`every="1h"` or `at_events=True`'),
    "neither service nor view": (lambda p: p.backfill("out", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", every="1h", sources=TXN), "`service=NAME` or `view=NAME`"),
    "an end before the start": (lambda p: p.backfill("out", start="2024-05-01T16:00:00Z", end="2024-05-01T08:00:00Z", every="1h", service="risk", sources=TXN), 'end="2024-05-01T08:00:00Z"`: before `start`'),
    "another view": (lambda p: p.backfill("out", start="2024-05-01T08:00:00Z", end="2024-05-01T16:00:00Z", every="1h", view="spent", sources=TXN), '`view="spent"`'),
    "too many parts": (lambda p: p.backfill("out", start="2024-05-01T08:00:00Z", end="2024-05-21T16:00:00Z", every="1h", chunk="1m", service="risk", sources=TXN), "`max_parts="),
    "a delay in another truth": (lambda p: p.train("risk", questions(), sources=TXN, truth="complete", delay="5s"), '`truth="as-of-arrival"`'),
    "no such truth": (lambda p: p.train("risk", questions(), sources=TXN, truth="past"), 'one of `complete`, `as-of-arrival`, `as-served`'),
    "no such argument": (lambda p: p.verify("risk", questions(), sources=TXN, smaple=3), "`smaple"),
    "threads": (lambda p: p.train("risk", questions(), sources=TXN, threads=-1), "`threads=-1`"),
    "a key that is none": (lambda p: p.get("risk", {"cart": 3}, "2024-05-01T10:00:00Z", sources=TXN), '`keys={"cart": 3}`'),
    "no key": (lambda p: p.get("risk", {}, "2024-05-01T10:00:00Z", sources=TXN), '`keys={"card": …}`'),
    "no instant of a question": (lambda p: p.get("risk", {"card": 3}, "yesterday", sources=TXN), '`at="yesterday"`'),
    "a mode of a file": (lambda p: p.train_to("out.parquet", "risk", questions(), sources=TXN, mode="append"), '`out_format="delta"`'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_messages_name_arguments(shop, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ask, argument = REFUSED[what]
    with pytest.raises(featc.RunError) as refused:
        ask(shop)
    told = str(refused.value)
    assert argument in told, told
    assert not OPTION.search(told), told
    for diagnostic in refused.value.diagnostics:
        parts = [diagnostic.message, diagnostic.help or "", *diagnostic.notes]
        assert not any(OPTION.search(part) for part in parts), parts
    assert not any(tmp_path.iterdir())


def test_a_file_without_a_record(tmp_path):
    import pyarrow.parquet

    pyarrow.parquet.write_table(questions(), tmp_path / "plain.parquet")
    with pytest.raises(featc.RunError, match=r"`program\.train_to\(out=FILE, …\)` wrote"):
        featc.reproduce(tmp_path / "plain.parquet")


def test_the_identity_of_a_question_says_who_asks_for_it():
    program = featc.Program(SHOP.replace("count() over 1d", "count() over 1d excluding self"))
    with pytest.raises(featc.RunError, match="`excluding self`: give each question the `id`") as refused:
        program.train("risk", questions(), sources=TXN)
    assert "the rows have: number, card, timestamp" in str(refused.value)


def test_what_a_training_set_is_not(shop):
    train = shop.train("risk", questions(), sources=TXN)
    with pytest.raises(TypeError, match=r"to_pandas\(\)\['spend__n'\]"):
        train["spend__n"]
    for name, step in {"to_csv": "to_pandas().to_csv", "to_parquet": "train_to", "write_csv": "to_polars().write_csv", "drop": "to_pandas()", "shape": "to_arrow()"}.items():
        with pytest.raises(AttributeError) as refused:
            getattr(train, name)
        assert step in str(refused.value), refused.value
    assert not hasattr(train, "__array__") and not hasattr(train, "_nothing")


def test_keys_in_the_index(shop):
    frame = questions().to_pandas()
    for held in (["card"], ["timestamp"], ["card", "timestamp"]):
        with pytest.raises(TypeError, match=rf"`{held[0]}` is in the index of the frame.*reset_index\(\)"):
            shop.train("risk", frame.set_index(held), sources=TXN)
    with pytest.raises(TypeError, match=r"source `txn`: `id` is in the index"):
        shop.train("risk", frame, sources={"txn": payments().to_pandas(types_mapper=pandas.ArrowDtype).set_index("id")})
    online = shop.online("complete")
    online.push("txn", payments())
    with pytest.raises(TypeError, match=r"entities: `card` is in the index"):
        online.read("risk", frame.set_index("card"), "2024-05-01T14:00:00Z")


def test_keys_have_types(shop):
    for key in ([3], 3.0, True, frame_column(), datetime.datetime(2024, 5, 1), object()):
        with pytest.raises(TypeError, match="keys: `card` is int64, and not"):
            shop.get("risk", {"card": key}, "2024-05-01T10:00:00Z", sources=TXN)
    texts = featc.Program(SHOP.replace("card: int64", "card: string"))
    rows = payments().set_column(1, "card", payments()["card"].cast(pyarrow.string()))
    for key in (3, ["3"], float("nan")):
        with pytest.raises(TypeError, match="keys: `card` is string, and not"):
            texts.get("risk", {"card": key}, "2024-05-01T10:00:00Z", sources={"txn": rows})
    assert texts.get("risk", {"card": "3"}, "2024-05-01T10:00:00Z", sources={"txn": rows})["spend__times"].value > 0


def frame_column():
    return questions().to_pandas()["card"]


def test_what_is_not_one_table(shop):
    for rows, match in (
        (frame_column(), r"no Arrow table: a Series is one column, `\.to_frame\(\)`"),
        ([], "an empty list has no columns"),
        ([payments(), payments()], r"iter\(\[…\]\)"),
        (["a.csv", "b.csv"], r"data/\*\.csv"),
    ):
        with pytest.raises(TypeError, match=match):
            shop.train("risk", questions(), sources={"txn": rows})
    with pytest.raises(TypeError, match="code: a text"):
        featc.explain(110)
    with pytest.raises(TypeError, match="record: a file is wanted"):
        featc.reproduce(shop.train("risk", questions(), sources=TXN))


def with_floats(table, name="price"):
    return table.set_column(table.column_names.index(name), name, pyarrow.array([float_or_none(value) for value in table[name].to_pylist()]))


def test_decimals_that_libraries_made_floats(shop):
    expected = shop.train("risk", questions(), sources=TXN)
    floats = with_floats(payments())
    for rows in (floats, floats.to_pandas(types_mapper=pandas.ArrowDtype), polars.DataFrame(floats), floats.to_reader(max_chunksize=7)):
        assert_same(shop.train("risk", questions(), sources={"txn": rows}), expected)
    online = shop.online("complete")
    assert online.push("txn", floats)["accepted"] == 400
    price = payments()["price"].to_pylist()
    for wrong in (0.1 + 0.2, 1.234, 1e12, float("inf")):
        bad = floats.set_column(floats.column_names.index("price"), "price", pyarrow.array([wrong, *map(float_or_none, price[1:])]))
        with pytest.raises(featc.RunError, match="these floats are no decimals") as refused:
            shop.train("risk", questions(), sources={"txn": bad})
        assert refused.value.code == "E0702" and "pl.Decimal(12, 2)" in str(refused.value)


def float_or_none(value):
    return None if value is None else float(value)


def test_decimals_are_those_that_were_written():
    """Each decimal of at most 15 digits comes back from its float."""
    import random

    draw = random.Random(7)
    program = featc.Program(
        "module m\nentity k (k: int64)\nsource s {\n  columns (k: int64, x: decimal(18, 6)?, at: timestamp)\n  unique all\n  time at\n}\n"
        'view v of k from s {\n  owner "o"\n  /// X.\n  feature x = last(x) over 1d\n}\nservice r { v.* }\n'
    )
    written = [None, decimal.Decimal("-0.0"), *(decimal.Decimal(draw.randrange(-(10**15), 10**15)).scaleb(-draw.randrange(0, 7)) for _ in range(2_000))]
    written = [None if x is None or abs(x) >= 10**12 else x for x in written]
    at = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)
    keys, times = list(range(len(written))), [at] * len(written)
    rows = {"k": keys, "x": [float_or_none(x) for x in written], "at": times}
    found = program.train("r", {"k": keys, "timestamp": times}, sources={"s": rows}, truth="complete").to_pydict()["v__x"]
    assert found == written


def test_numbers_that_stand_for_one_number_alone():
    """2^53 as a float may have been 2^53 + 1."""
    at = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)

    def read(ty, value):
        program = featc.Program(
            f"module m\nentity k (k: int64)\nsource s {{\n  columns (k: int64, x: {ty}?, at: timestamp)\n  unique all\n  time at\n}}\n"
            'view v of k from s {\n  owner "o"\n  /// X.\n  feature x = last(x) over 1d\n}\nservice r { v.* }\n'
        )
        rows = {"k": [1], "x": [value], "at": [at]}
        return program.train("r", {"k": [1], "timestamp": [at + datetime.timedelta(hours=1)]}, sources={"s": rows}, truth="complete").to_pydict()["v__x"]

    for sign in (1, -1):
        for ty, value, wrong in (("int64", float(2**53 - 1), float(2**53)), ("float64", 2**53, 2**53 + 1)):
            assert read(ty, sign * value) == [sign * value]
            with pytest.raises(featc.RunError, match="`x`"):
                read(ty, sign * wrong)


def test_texts_of_every_type(shop):
    """As `pandas.read_csv(dtype=str)` and `polars.read_csv(infer_schema_length=0)` have them."""
    import io

    plain = payments().drop_columns(["took"])
    csv = plain.to_pandas(types_mapper=pandas.ArrowDtype)
    csv["amount"] = csv["amount"].where(csv["amount"] == csv["amount"])
    for name in ("at", "known_at"):
        csv[name] = [stamp.isoformat() for stamp in plain[name].to_pylist()]
    csv["paid"] = csv["paid"].map({True: "true", False: "false"})
    text = csv.to_csv(index=False)
    nulls = pyarrow.nulls(len(plain), pyarrow.duration("us"))
    program = featc.Program(SHOP.replace("took: duration?", "took: duration?"))
    expected = program.train("risk", questions(), sources={"txn": plain.append_column("took", nulls)})
    for frame in (pandas.read_csv(io.StringIO(text), dtype=str), polars.read_csv(io.StringIO(text), infer_schema_length=0)):
        frame = frame.assign(took=None) if isinstance(frame, pandas.DataFrame) else frame.with_columns(took=polars.lit(None))
        assert_same(program.train("risk", questions(), sources={"txn": frame}), expected)
    spine = questions().to_pandas().astype({"card": str})
    assert_same(program.train("risk", spine, sources=TXN).to_arrow().select(expected.features), shop.train("risk", questions(), sources=TXN).to_arrow().select(expected.features))


def test_chunks_of_csv_are_parts_of_one_table(shop):
    import io

    plain = payments().drop_columns(["took", "paid", "day"])
    lines = plain.to_pandas(types_mapper=pandas.ArrowDtype)
    # Nothing in some parts, whole numbers in others.
    lines.loc[100:199, "shop"] = None
    lines.loc[200:299, ["n", "price"]] = None
    lines["amount"] = lines["amount"].astype(object)
    lines.loc[0:99, "amount"] = 3
    # Floats hold no more.
    lines.loc[lines["n"] > 1_000, "n"] = None
    text = lines.to_csv(index=False)
    whole = {"took": "duration?", "paid": "bool?", "day": "date?"}
    program = SHOP
    for name, ty in whole.items():
        program = program.replace(f"  {name}: {ty},\n", "").replace(f"last({name})", "last(card)").replace(f"min({name})", "min(card)").replace(f"max({name})", "max(card)")
    program = featc.Program(program)

    def chunks():
        for frame in pandas.read_csv(io.StringIO(text), chunksize=100):
            for name in ("at", "known_at"):
                frame[name] = pandas.to_datetime(frame[name], utc=True)
            yield frame

    expected = program.train("risk", questions(), sources={"txn": next(iter([pandas.concat(chunks())]))})
    assert_same(program.train("risk", questions(), sources={"txn": chunks()}), expected)
    # A spine in parts, with a key missing in one.
    spine = questions().to_pandas()
    parts = [spine.head(60), spine.tail(60).astype({"card": "float64"})]
    assert_same(
        program.train("risk", iter(parts), sources={"txn": chunks()}).to_arrow().select(program.train("risk", spine, sources={"txn": chunks()}).features),
        program.train("risk", spine, sources={"txn": chunks()}).to_arrow().select(program.train("risk", spine, sources={"txn": chunks()}).features),
    )
    with pytest.raises(TypeError, match="column `shop` is .* in one part and Int64 in another"):
        program.train("risk", questions(), sources={"txn": iter([plain, plain.set_column(4, "shop", pyarrow.array([1] * 400))])})


def test_nan_is_no_null(shop):
    """As from every other library: NaN of a float column stays NaN."""
    numbers = payments().drop_columns([name for name in payments().column_names if name not in ("id", "card", "amount", "at", "known_at")])
    numbers = numbers.set_column(2, "amount", pyarrow.array([float("nan") if x is None else x for x in numbers["amount"].to_pylist()]))
    small = SHOP[: SHOP.index("  price:")] + "  at: timestamp,\n    known_at: timestamp,\n  )\n  unique id\n  time at\n  arrival known_at\n  lateness 1d\n  keep nan\n}\n"
    program = featc.Program(small + 'view v of card from txn {\n  owner "o"\n  /// A.\n  feature a = sum(amount) over 1d\n  /// B.\n  feature b = count(amount) over 1d\n}\nservice risk { v.* }\n')
    expected = program.train("risk", questions(), sources={"txn": numbers})
    assert_same(program.train("risk", questions(), sources={"txn": numbers.to_pandas()}), expected)
    spine = questions().to_pandas().assign(x=[float("nan"), 1.0] * 60)
    assert program.train("risk", spine, sources={"txn": numbers}).to_arrow()["x"].null_count == 0


def test_numbers_for_models_are_rounded_once():
    import fractions
    import random

    draw = random.Random(3)
    decimals = [decimal.Decimal(draw.randrange(-(10**37), 10**37)).scaleb(-10) for _ in range(3_000)]
    spans = [datetime.timedelta(microseconds=draw.randrange(0, 10**17)) for _ in range(3_000)]
    program = featc.Program(
        "module m\nentity k (k: int64)\nsource s {\n  columns (k: int64, x: decimal(38, 10), d: duration, at: timestamp)\n  unique all\n  time at\n}\n"
        'view v of k from s {\n  owner "o"\n  /// X.\n  feature x = last(x) over 1d\n  /// D.\n  feature d = last(d) over 1d\n}\nservice r { v.* }\n'
    )
    at = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)
    keys, times = list(range(3_000)), [at] * 3_000
    rows = {"k": keys, "x": decimals, "d": spans, "at": times}
    found = program.train("r", {"k": keys, "timestamp": times}, sources={"s": rows}, truth="complete", numeric=True).to_pydict()
    assert found["v__x"] == [float(fractions.Fraction(x)) for x in decimals]
    assert found["v__d"] == [float(fractions.Fraction(d // datetime.timedelta(microseconds=1), 10**6)) for d in spans]


def test_dictionaries_of_several_parts_are_pushed(shop):
    parts = [pyarrow.array([f"shop {part} {i}" for i in range(100)]).dictionary_encode().cast(pyarrow.dictionary(pyarrow.int8(), pyarrow.string())) for part in range(4)]
    rows = payments().set_column(payments().column_names.index("shop"), "shop", pyarrow.chunked_array(parts))
    online = shop.online("complete")
    assert online.push("txn", rows)["accepted"] == 400
    expected = shop.train("risk", questions(), sources={"txn": rows}, truth="complete").to_pydict()["spend__shop"]
    assert [row["spend__shop"] for row in online.read("risk", questions(), questions()["timestamp"].to_pylist())] == expected


def test_numbers_that_pandas_takes_for_nanoseconds(shop):
    """Instants of January 1970 are what numbers of seconds, or parts of them, become without a unit."""
    unbounded = featc.Program(SHOP.replace("lateness 1d", "lateness unbounded"))
    seconds = payments()["at"].cast(pyarrow.int64()).to_numpy() // 1_000_000
    frame = payments().to_pandas(types_mapper=pandas.ArrowDtype)
    spine = questions().to_pandas()
    for times in (1, 1_000, 1_000_000):
        wrong = frame.assign(at=pandas.to_datetime(seconds * times, utc=True))
        with pytest.warns(featc.FeatcWarning, match=r"`at` of source `txn` lie in January 1970\n = help: .*unit=\"s\"") as told:
            unbounded.train("risk", questions(), sources={"txn": wrong}, max_missing="100%")
        assert {warning.filename for warning in told} == {__file__}
    asked = spine.assign(timestamp=pandas.to_datetime(spine["timestamp"].astype("int64") // 10**9, utc=True))
    with pytest.warns(featc.FeatcWarning, match="`timestamp` of the spine lie in January 1970") as told:
        shop.verify("risk", asked, sources=TXN, max_missing="100%")
    assert told[0].filename == __file__
    # One instant of another time is enough, and none is no reason.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixed = pandas.concat([asked, spine.tail(1)])
        shop.train("risk", mixed, sources={"txn": frame}, max_missing="100%")
        with pytest.raises(featc.RunError):
            shop.train("risk", spine, sources={"txn": frame.assign(at=pandas.Series([pandas.NaT] * len(frame), dtype="datetime64[ns, UTC]"))})


def test_spans_are_cut():
    from featc._inputs import to_columns, table

    spans = [pandas.Timedelta(1999, "ns"), pandas.Timedelta(-1, "ns")]
    assert to_columns(table({"x": spans}, "rows")) == {"x": [datetime.timedelta(microseconds=1), datetime.timedelta(microseconds=-1)]}


def test_rejected_rows_are_shown(shop):
    found = shop.train("risk", questions(), sources={"txn": late()}, max_rejected="100%")
    page = found._repr_html_()
    assert "9 rejected rows" in page and "<td>late</td>" in page and "<td>32</td>" in page
    assert "rejected rows" not in shop.train("risk", questions(), sources=TXN)._repr_html_()


def test_ids_with_several_rows_are_a_warning(shop):
    """W0703, as on the command line."""
    other = payments(10).set_column(2, "amount", pyarrow.array([7.0] * 10))
    with pytest.warns(featc.FeatcWarning, match="different rows, which all count") as told:
        shop.train("risk", questions(), sources={"txn": pyarrow.concat_tables([payments(), other])})
    assert told[0].message.diagnostic.code == "W0703"


def test_a_list_into_csv_is_refused_before_the_run(shop, tmp_path):
    # Of these rows too many are rejected, which is told when they have been read.
    with pytest.raises(featc.RunError, match="which CSV cannot hold") as refused:
        shop.train_to(tmp_path / "out.csv", "risk", questions(), sources={"txn": late()})
    assert refused.value.code == "E0903" and not any(tmp_path.iterdir())


def test_what_was_served_is_computed_again(shop, tmp_path):
    import pyarrow.parquet

    log = questions().append_column("cut_txn", questions()["timestamp"])
    for name, value in {"service": "risk", "program": shop.hash, "request_id": "r"}.items():
        log = log.append_column(name, pyarrow.array([value] * len(log)))
    pyarrow.parquet.write_table(log, tmp_path / "log.parquet")
    found = shop.train("risk", served_log=tmp_path / "log.parquet", sources=TXN)
    assert found.report["truth"]["name"] == "as-served"
    expected = shop.train("risk", questions(), sources=TXN)
    assert_same(found.to_arrow().select(expected.features), expected.to_arrow().select(expected.features))
    written = shop.train_to(tmp_path / "set.parquet", "risk", served_log=[tmp_path / "log.parquet"], sources=TXN)
    assert written["rows"] == written["report"]["rows"] == len(found)
    with pytest.raises(featc.RunError, match="`served_log=PATH` to `program.train`"):
        shop.train("risk", questions(), truth="as-served", sources=TXN)
    with pytest.raises(featc.RunError, match="missing: `spine=FILE`"):
        shop.train("risk", sources=TXN)


def test_what_an_iterator_raises_comes_out(shop):
    def parts():
        yield {"card": [1], "timestamp": ["2024-05-01T10:00:00Z"]}
        raise KeyError("of the caller")

    with pytest.raises(KeyError, match="of the caller"):
        shop.train("risk", parts(), sources=TXN)


def test_nothing_is_printed_of_what_is_told(shop, capfd):
    batch = pyarrow.table({"card": [1, 2]}).to_batches()[0]
    reader = pyarrow.RecordBatchReader.from_batches(pyarrow.schema({"card": pyarrow.string()}), iter([batch]))
    with pytest.raises(TypeError, match="column `card` is broken"):
        shop.train("risk", reader, sources=TXN)
    assert capfd.readouterr().err == ""


def test_instants_with_a_zone_in_a_dict(shop):
    """As `pandas.to_datetime(…, utc=True)` has them, which is what the messages advise."""
    asked = questions()
    texts = [at.isoformat() for at in asked["timestamp"].to_pylist()]
    columns = {name: asked[name].to_pylist() for name in asked.column_names}
    columns["timestamp"] = pandas.Series(pandas.to_datetime(texts, utc=True))
    expected = shop.train("risk", asked, sources=TXN)
    found = shop.train("risk", columns, sources=TXN).to_arrow()
    assert_same(found.select(expected.features), expected.to_arrow().select(expected.features))
