"""Structs of the Arrow C interface that lie: each one exception, before anything is read."""

import ctypes
import gc

import pyarrow
import pytest
from conftest import assert_same, payments, questions

import featc
from featc import _c_data


def pointer(array, place):
    return array.children[place].contents


def nothing(kind):
    return ctypes.cast(None, kind)


#: What is changed in the struct of a batch with `number`, `card` and `timestamp`.
LIES = {
    "a length below zero": lambda a: setattr(a, "length", -1),
    "a length that no memory has": lambda a: setattr(a, "length", 1 << 61),
    "an offset below zero": lambda a: setattr(a, "offset", -8),
    "an offset that no memory has": lambda a: setattr(a, "offset", (1 << 62) + 1),
    "more nulls than rows": lambda a: setattr(pointer(a, 1), "null_count", 1 << 40),
    "nulls below minus one": lambda a: setattr(pointer(a, 1), "null_count", -7),
    "nulls and no bitmap": lambda a: setattr(pointer(a, 1), "null_count", 3),
    "no buffers": lambda a: setattr(pointer(a, 1), "n_buffers", 0),
    "more buffers than the type has": lambda a: setattr(pointer(a, 1), "n_buffers", 5),
    "buffers below zero": lambda a: setattr(pointer(a, 1), "n_buffers", -1),
    "a list of buffers that is not there": lambda a: setattr(pointer(a, 1), "buffers", nothing(ctypes.POINTER(ctypes.c_void_p))),
    "values that are not there": lambda a: pointer(a, 1).buffers.__setitem__(1, None),
    "fewer children": lambda a: setattr(a, "n_children", 2),
    "more children": lambda a: setattr(a, "n_children", 1 << 40),
    "a list of children that is not there": lambda a: setattr(a, "children", nothing(ctypes.POINTER(ctypes.POINTER(_c_data.Array)))),
    "a child that is not there": lambda a: a.children.__setitem__(0, nothing(ctypes.POINTER(_c_data.Array))),
    "a child that is shorter": lambda a: setattr(pointer(a, 2), "length", 3),
    "a child with a length below zero": lambda a: setattr(pointer(a, 2), "length", -3),
    "a dictionary that no type has": lambda a: setattr(pointer(a, 1), "dictionary", ctypes.pointer(pointer(a, 0))),
    "released": lambda a: setattr(a, "release", None),
}

#: What is changed in the schema.
SCHEMA_LIES = {
    "no format": lambda s: setattr(s.children[0].contents, "format", None),
    "children below zero": lambda s: setattr(s, "n_children", -1),
    "a list of children that is not there": lambda s: setattr(s, "children", nothing(ctypes.POINTER(ctypes.POINTER(_c_data.Schema)))),
    "a child that is not there": lambda s: s.children.__setitem__(1, nothing(ctypes.POINTER(_c_data.Schema))),
    "a format of another width": lambda s: setattr(s.children[1].contents, "format", b"u"),
    "no format at all": lambda s: setattr(s.children[1].contents, "format", b"\xff\xfe?"),
    "released": lambda s: setattr(s, "release", None),
}


class LyingArray:
    """The structs of a batch, changed. They are put back: what made them releases them."""

    def __init__(self, batch, lie, of_schema=False):
        self.batch, self.lie, self.of_schema = batch, lie, of_schema

    def __arrow_c_array__(self, requested_schema=None):
        schema, array = self.batch.__arrow_c_array__()
        changed = _c_data._struct(schema, b"arrow_schema", _c_data.Schema) if self.of_schema else _c_data._struct(array, b"arrow_array", _c_data.Array)
        self.lie(changed)
        # What is changed is never released: that its owner would be confused is not what is tested.
        self.kept = (schema, array)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(schema))
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(array))
        return schema, array


class LyingStream(_c_data.CheckedStream):
    """A stream whose second batch is changed."""

    def __init__(self, rows, lie):
        super().__init__(rows)
        self.lie, self.told = lie, 0

    def _next(self, _, into):
        failed = _c_data.GetNext(self.inner.get_next)(ctypes.byref(self.inner), into)
        self.told += 1
        if self.told == 2 and into.contents.release:
            self.lie(into.contents)
            # As above.
            into.contents.release = ctypes.cast(KEEP, ctypes.c_void_p).value
        return failed


KEEP = _c_data.ReleaseArray(lambda array: setattr(array.contents, "release", None))


@pytest.mark.parametrize("lie", LIES)
def test_arrays_that_lie(shop, lie):
    with pytest.raises(TypeError, match="the spine: no Arrow table"):
        shop.train("risk", LyingArray(questions().to_batches()[0], LIES[lie]), sources={"txn": payments()})
    assert len(shop.train("risk", questions(3), sources={"txn": payments()})) == 3


@pytest.mark.parametrize("lie", SCHEMA_LIES)
def test_schemas_that_lie(shop, lie):
    with pytest.raises(TypeError, match="the spine: no Arrow table"):
        shop.train("risk", LyingArray(questions().to_batches()[0], SCHEMA_LIES[lie], True), sources={"txn": payments()})


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "released"])
def test_streams_that_lie(shop, lie):
    table = pyarrow.concat_tables([questions(), questions()])
    stream = LyingStream(table, LIES[lie])
    with pytest.raises(TypeError, match="the spine: no Arrow table"):
        shop.train("risk", stream, sources={"txn": payments()})
    assert stream.told == 2
    gc.collect()


class Other:
    """What is of no library that is known, and tells the truth."""

    def __init__(self, rows, kind):
        self.rows = rows
        setattr(self, kind, getattr(rows, kind))


def test_what_tells_the_truth_is_taken(shop):
    lists = pyarrow.array([[1, 2], None, [], [3]] * 30, pyarrow.list_(pyarrow.int64()))
    fixed = pyarrow.array([[1, 2]] * 120, pyarrow.list_(pyarrow.int8(), 2))
    texts = pyarrow.array(["", None, "é", "x" * 30] * 30)
    spine = questions()
    for name, column in {
        "lists": lists,
        "fixed": fixed,
        "texts": texts,
        "large": texts.cast(pyarrow.large_string()),
        "views": texts.cast(pyarrow.string_view()),
        "dictionary": texts.dictionary_encode(),
        "decimal": pyarrow.array(range(120)).cast(pyarrow.decimal128(25, 2)),
        "empty": pyarrow.array([""] * 120),
        "struct": pyarrow.StructArray.from_arrays([texts], names=["t"]),
        "nothing": pyarrow.nulls(120),
        "bool": pyarrow.array([True, None] * 60),
        "date": pyarrow.array(range(120), pyarrow.int32()).cast(pyarrow.date32()),
        "binary": pyarrow.array([b"x", None] * 60),
    }.items():
        spine = spine.append_column(name, column)
    expected = shop.train("risk", spine, sources={"txn": payments()})
    sliced = pyarrow.concat_tables([spine.slice(0, 50), spine.slice(50, 0), spine.slice(50)])
    assert_same(shop.train("risk", Other(sliced, "__arrow_c_stream__"), sources={"txn": Other(payments(), "__arrow_c_stream__")}), expected)
    one = spine.combine_chunks().to_batches()[0]
    assert_same(shop.train("risk", Other(one, "__arrow_c_array__"), sources={"txn": payments()}), expected)
    assert_same(shop.train("risk", Other(spine.slice(7, 20).combine_chunks().to_batches()[0], "__arrow_c_array__"), sources={"txn": payments()}), pyarrow.table(expected).slice(7, 20))


def test_a_stream_that_fails_says_why(shop):
    def batches():
        yield payments().to_batches()[0]
        raise RuntimeError("the network is gone")

    reader = pyarrow.RecordBatchReader.from_batches(payments().schema, batches())
    with pytest.raises(TypeError, match="the network is gone"):
        shop.train("risk", questions(), sources={"txn": Other(reader, "__arrow_c_stream__")})


def test_nothing_is_left_of_streams(shop):
    import os
    import pathlib

    def resident():
        gc.collect()
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    rows = Other(payments(4000), "__arrow_c_stream__")
    for _ in range(200):
        featc._inputs.table(rows, "rows")
    before, allocated = resident(), pyarrow.total_allocated_bytes()
    for _ in range(1_000):
        featc._inputs.table(rows, "rows")
    assert pyarrow.total_allocated_bytes() == allocated
    assert resident() - before < 8 << 20, (before, resident())
