"""Bad input: each one exception that says what to do, and the interpreter goes on."""

import datetime

import numpy
import pandas
import pyarrow
import pytest
from conftest import SHOP, payments, questions

import featc


def without(name):
    return lambda table: table.drop_columns([name])


def with_column(name, values):
    def change(table):
        values_of = values(table) if callable(values) else values
        if name in table.column_names:
            return table.set_column(table.column_names.index(name), name, values_of)
        return table.append_column(name, values_of)

    return change


SPINES = {
    "no key": without("card"),
    "no instant": without("timestamp"),
    "key of another type": with_column("card", lambda t: pyarrow.array(["x"] * len(t))),
    "key of texts that are numbers but for one": with_column("card", lambda t: pyarrow.array(["1"] * (len(t) - 1) + ["1.5"])),
    "null instant": with_column("timestamp", lambda t: pyarrow.array([None] * len(t), pyarrow.timestamp("us", "UTC"))),
    "instants as numbers": with_column("timestamp", lambda t: pyarrow.array(range(len(t)))),
    "a feature's name": with_column("spend__times", lambda t: pyarrow.array(range(len(t)))),
    "a column twice": lambda t: pyarrow.Table.from_arrays([*t.columns, t["card"]], names=[*t.column_names, "card"]),
    "nested keys": with_column("card", lambda t: pyarrow.array([[1]] * len(t))),
}

SOURCES = {
    "no column": without("amount"),
    "no identity": without("id"),
    "text for a number": with_column("amount", lambda t: pyarrow.array(["x"] * len(t))),
    "binary": with_column("shop", lambda t: pyarrow.array([b"\xff"] * len(t))),
    "naive": with_column("at", lambda t: t["at"].cast(pyarrow.timestamp("us"))),
    "all rejected": with_column("id", lambda t: pyarrow.array([None] * len(t), pyarrow.int64())),
}


@pytest.mark.parametrize("what", SPINES)
def test_bad_spines(shop, what):
    with pytest.raises(featc.RunError) as refused:
        shop.train("risk", SPINES[what](questions()), sources={"txn": payments()})
    told = refused.value.diagnostics
    assert len(told) == 1 and told[0].code.startswith("E") and told[0].code != "E9999", told


@pytest.mark.parametrize("what", SOURCES)
def test_bad_sources(shop, what):
    with pytest.raises(featc.RunError) as refused:
        shop.train("risk", questions(), sources={"txn": SOURCES[what](payments())})
    told = refused.value.diagnostics
    assert len(told) == 1 and told[0].code.startswith("E") and told[0].code != "E9999", told


@pytest.mark.parametrize(
    "rows, match",
    [
        (7, "is no table"),
        (None, "is no table"),
        (object(), "is no table"),
        (pandas.Series([1, 2]), "no Arrow table"),
        (numpy.zeros(3), "is no table"),
        ({"card": [1, 2], "timestamp": [1]}, "different lengths|is no"),
        ({"card": 5, "timestamp": [1]}, "no list of values"),
        ({"card": [1, "a"]}, "no one type"),
        ({1: [1]}, "name of a column"),
        ({"card": [object()]}, "no one type"),
        ({"card": [2**80]}, "too large|too big"),
        ([{"card": 1}, 3], "is no table"),
        (pandas.DataFrame({1: [1]}), "name of a column"),
        (pandas.DataFrame({"card": [1, "a", object()]}), "Arrow"),
        (pyarrow.array([1, 2]), "no Arrow table"),
    ],
)
def test_what_is_no_table(shop, rows, match):
    for spine, source in ((rows, payments()), (questions(), rows)):
        if spine is None:
            continue
        with pytest.raises((TypeError, ValueError), match=match):
            shop.train("risk", spine, sources={"txn": source})


@pytest.mark.parametrize(
    "arguments, code",
    [
        ({"truth": "past"}, "E0910"),
        ({"delay": "soon"}, "E0905"),
        ({"zone": "Mars/Base"}, "E0905"),
        ({"memory_limit": "1B"}, "E0910"),
        ({"threads": 100_000}, "E0910"),
        ({"max_rejected": "lots"}, "E0910"),
        ({"temp_dir": "/nowhere/at/all"}, "E0905"),
        ({"sources": {"other": payments()}}, "E0905"),
        ({"sources": {"txn": "nowhere.parquet"}}, "E0901"),
        ({"sources": {}}, "E0908"),
        ({"at_column": "card"}, "E0702"),
    ],
)
def test_bad_arguments(shop, arguments, code):
    given = {"sources": {"txn": payments()}, **arguments}
    with pytest.raises(featc.RunError) as refused:
        shop.train("risk", questions(), **given)
    assert refused.value.code == code, str(refused.value)
    assert refused.value.diagnostics[0].help


def test_arguments_of_another_kind(shop):
    frame = payments().to_pandas(types_mapper=pandas.ArrowDtype)
    for sources in (frame, "payments.csv", [frame]):
        with pytest.raises(TypeError, match="sources: a dict of source → rows is wanted, such as {'txn': frame}"):
            shop.train("risk", questions(), sources=sources)
    with pytest.raises(TypeError, match="service: a name is wanted, such as 'risk', and not DataFrame"):
        shop.train(frame, "risk")
    with pytest.raises(TypeError, match="source: a name is wanted, such as 'txn', and not DataFrame"):
        shop.online().push(frame, "txn")
    with pytest.raises(TypeError, match="service: a name is wanted, such as 'risk', and not dict"):
        shop.online().read({"card": 1}, "risk")
    for log in (frame, payments(), [frame], [], 7):
        for command in (shop.train, shop.verify):
            with pytest.raises(TypeError, match="served_log: the path of a file, a folder or a pattern is wanted"):
                command("risk", served_log=log, sources={"txn": payments()})
    with pytest.raises(TypeError, match="keys: a dict"):
        shop.get("risk", 1, "2024-05-01T10:00:00Z")
    with pytest.raises(TypeError, match="and not a path: read it first"):
        shop.online().push("txn", "data/payments.csv")
    for command in (shop.verify, lambda *a, **k: shop.train_to("out.parquet", *a, **k)):
        with pytest.raises(featc.RunError, match="smaple") as refused:
            command("risk", questions(), sources={"txn": payments()}, smaple=3)
        assert refused.value.code == "E0910"
    with pytest.raises(featc.RunError, match="numeric"):
        shop.train_to("out.parquet", "risk", questions(), sources={"txn": payments()}, numeric=True)


def test_values_without_names(shop):
    online = shop.online("complete")
    for cards, shown in (([1, 2], "[1, 2]"), ((1, 2, 3), "[1, 2, …]"), ([numpy.int64(1)], "[1]"), (5, "[5]"), (["a"], "['a']"), ("a", "['a']")):
        with pytest.raises(TypeError) as refused:
            online.read("risk", cards, "2024-05-01T14:00:00Z")
        assert f'columns have names, as in `{{"card": {shown}}}`' in str(refused.value), refused.value
    with pytest.raises(TypeError) as refused:
        shop.train("risk", [1, 2, 3], sources={"txn": payments()})
    assert 'the spine: a list is no table: columns have names, as in `{"card": [1, 2, …], "timestamp": […]}`' in str(refused.value)
    with pytest.raises(TypeError) as refused:
        online.push("txn", [1])
    assert 'rows of `txn`: a list is no table: columns have names, as in `{"id": [1], "card": […], "amount": […], …}`' in str(refused.value)


def test_arguments_that_are_none(shop):
    frame = payments().to_pandas(types_mapper=pandas.ArrowDtype)
    online = shop.online("complete")
    for call, words in [
        (lambda: shop.train("risk", questions(), txn=frame), 'Program.train: no argument `txn`; rows of a source are given as `sources={"txn": …}`'),
        (lambda: shop.train("risk", questions(), statuses=True), "Program.train: no argument `statuses`; did you mean `status`?"),
        (lambda: shop.train("risk", questions(), source={"txn": frame}), "did you mean `sources`?"),
        (lambda: shop.train("risk", questions(), xyz=1), "no argument `xyz`; there are: service, spine, "),
        (lambda: shop.verify("risk", questions(), txn=frame), 'verify: no argument `txn`; rows of a source are given as `sources={"txn": …}`'),
        (lambda: shop.train_to("out.parquet", "risk", questions(), txn=payments()), 'train: no argument `txn`; rows of a source are given as `sources={"txn": …}`'),
        (lambda: online.read("risk", {"card": 1}, statuses=True), "Online.read: no argument `statuses`; did you mean `status`?"),
        (lambda: online.push("txn", row=frame), "Online.push: no argument `row`; did you mean `rows`?"),
    ]:
        with pytest.raises(TypeError) as refused:
            call()
        assert words in str(refused.value), refused.value
    with pytest.raises(featc.RunError, match="`status") as refused:
        shop.train_to("out.parquet", "risk", questions(), sources={"txn": payments()}, statuses=True)
    assert refused.value.code == "E0910"


def test_warnings_point_at_the_call(shop):
    with pytest.warns(featc.FeatcWarning) as told:
        shop.train("risk", questions(), sources={"txn": pyarrow.concat_tables([payments(), payments().set_column(2, "amount", pyarrow.array([7.0] * 400))])})
    assert {warning.filename for warning in told} == {__file__}


def test_unknown_services(shop):
    with pytest.raises(featc.RunError, match="did you mean `risk`"):
        shop.train("risc", questions(), sources={"txn": payments()})
    with pytest.raises(featc.RunError) as refused:
        shop.train("", questions(), sources={"txn": payments()})
    assert refused.value.code == "E0904"


def test_a_reader_that_fails_is_one_exception(shop):
    def batches():
        yield payments().to_batches()[0]
        raise RuntimeError("the network is gone")

    reader = pyarrow.RecordBatchReader.from_batches(payments().schema, batches())
    with pytest.raises(TypeError, match="the network is gone"):
        shop.train("risk", questions(), sources={"txn": reader})


def strings(*offsets):
    import struct

    return pyarrow.Array.from_buffers(pyarrow.string(), len(offsets) - 1, [None, pyarrow.py_buffer(struct.pack(f"<{len(offsets)}i", *offsets)), pyarrow.py_buffer(b"ab")])


BROKEN = {
    "no UTF-8": lambda: pyarrow.array([b"a", b"\xff\xfe"]).view(pyarrow.string()),
    "no UTF-8 in a view": lambda: pyarrow.array([b"a", b"\xff\xfe" * 20], pyarrow.binary_view()).view(pyarrow.string_view()),
    "decreasing offsets": lambda: strings(0, 2, 1),
    "an index out of range": lambda: pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, 9]), pyarrow.array(["a"]), safe=False),
    "broken in a list": lambda: pyarrow.ListArray.from_arrays(pyarrow.array([0, 1, 2], pyarrow.int32()), pyarrow.array([b"a", b"\xff"]).view(pyarrow.string())),
}


@pytest.mark.parametrize("what", BROKEN)
def test_arrays_that_lie_are_one_exception(shop, what):
    spine = questions(2).append_column("extra", BROKEN[what]())
    with pytest.raises(TypeError, match="the spine: no Arrow table: column `extra` is broken"):
        shop.train("risk", spine, sources={"txn": payments()})
    txn = payments(2)
    with pytest.raises(TypeError, match="source `txn`: no Arrow table: column `shop` is broken|column `shop`"):
        shop.train("risk", questions(2), sources={"txn": txn.set_column(txn.column_names.index("shop"), "shop", BROKEN[what]())})
    with pytest.raises(TypeError, match="is broken"):
        shop.online().push("txn", spine)


def test_streams_that_lie_are_one_exception(shop):
    def of(schema, *batches):
        def give():
            for batch in batches:
                if isinstance(batch, BaseException):
                    raise batch
                yield batch

        return pyarrow.RecordBatchReader.from_batches(schema, give())

    texts = pyarrow.table({"card": ["a", "b"]}).to_batches()[0]
    numbers = pyarrow.table({"card": [1, 2]}).to_batches()[0]
    for reader in (of(texts.schema, numbers), of(numbers.schema, texts)):
        with pytest.raises(TypeError, match="the spine: no Arrow table"):
            shop.train("risk", reader, sources={"txn": payments()})
    with pytest.raises(KeyboardInterrupt):
        shop.train("risk", of(numbers.schema, numbers, KeyboardInterrupt()), sources={"txn": payments()})
    with pytest.raises(KeyboardInterrupt):
        shop.train("risk", questions(2), sources={"txn": of(payments().schema, *payments().to_batches(), KeyboardInterrupt())})


def test_an_object_that_lies_is_one_exception(shop):
    class Liar:
        def __arrow_c_stream__(self, requested_schema=None):
            return "no capsule"

    with pytest.raises(TypeError):
        shop.train("risk", Liar(), sources={"txn": payments()})


def test_naive_instants_are_refused(shop):
    online = shop.online()
    with pytest.raises(ValueError, match="zone"):
        online.advance(datetime.datetime(2024, 5, 1))
    with pytest.raises(ValueError, match="2013-03-01T12:00:00Z"):
        online.advance("yesterday")
    with pytest.raises(TypeError):
        online.advance(5)


def test_a_truth_that_must_be_chosen():
    program = featc.Program(SHOP.replace("  arrival known_at\n  lateness 1d\n", ""))
    with pytest.raises(featc.RunError, match='`truth="complete"`') as refused:
        program.train("risk", questions(), sources={"txn": payments()})
    assert refused.value.code == "E0916"
    assert len(program.train("risk", questions(), sources={"txn": payments()}, truth="complete")) == 120


def test_a_panic_becomes_an_exception(shop):
    from featc import _featc

    for _ in range(3):
        with pytest.raises(featc.Bug, match="a promise of its own: on purpose; please report it"):
            _featc._panic("on purpose", True)
        with pytest.raises(featc.Bug, match="a promise of its own: on purpose; please report it"):
            _featc._panic("on purpose", False)
    assert len(shop.train("risk", questions(3), sources={"txn": payments()})) == 3


def test_what_a_progress_function_raises_comes_out(shop):
    def broken(*_):
        raise KeyError("of the caller")

    with pytest.raises(KeyError, match="of the caller"):
        for _ in range(200):
            shop.verify("risk", questions(), sources={"txn": payments()}, metamorphic=True, progress=broken)
