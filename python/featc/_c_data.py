"""Structs of the Arrow C interface, looked at before they are read.

A struct may lie. What it says is compared with itself and with its schema here: lengths, offsets, counts of nulls, buffers,
children, dictionaries. That a buffer is as long as a length says, nobody can check. What pyarrow, pandas, Polars and
DuckDB have in memory is taken as it is.
"""

from __future__ import annotations

import ctypes
import errno
from typing import Any, Optional

TRUSTED = ("pyarrow", "pandas", "polars", "duckdb", "featc")
#: No more bytes have addresses.
BYTES_MAX = 1 << 47
DEPTH_MAX = 64


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GetLastError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))
ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.c_void_p),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

#: By the first letters of a format: how many buffers, how many children (None: as many as the schema has).
LAYOUTS: "dict[str, tuple[int, Optional[int]]]" = {
    "n": (0, 0),
    **{letter: (2, 0) for letter in "bcCsSiIlLefgdwt"},
    **{letter: (3, 0) for letter in "uUzZ"},
    "+l": (2, 1),
    "+L": (2, 1),
    "+vl": (3, 1),
    "+vL": (3, 1),
    "+w": (1, 1),
    "+s": (1, None),
    "+m": (2, 1),
    "+r": (0, 2),
}


def layout(form: str) -> "Optional[tuple[int, Optional[int]]]":
    return LAYOUTS.get(form.split(":")[0]) or LAYOUTS.get(form[:1] if form[:1] in "dwt" else form)


def in_struct(schema: Schema, depth: int = 0) -> Optional[str]:
    """What is wrong with a schema."""
    if depth > DEPTH_MAX:
        return "types lie deeper in each other than 64"
    if not schema.format:
        return "a schema has no format"
    if schema.n_children < 0 or (schema.n_children > 0 and not schema.children):
        return "a schema has children that are not there"
    for place in range(schema.n_children):
        if not schema.children[place]:
            return "a schema has children that are not there"
        if why := in_struct(schema.children[place].contents, depth + 1):
            return why
    return in_struct(schema.dictionary.contents, depth + 1) if schema.dictionary else None


def in_array(schema: Schema, array: Array) -> Optional[str]:
    """What is wrong with an array of a schema that is well-formed."""
    form = schema.format.decode("utf-8", "replace")
    length, offset = array.length, array.offset
    if length < 0 or offset < 0:
        return f"its length is {length}, its offset {offset}"
    if (length + offset) // 8 > BYTES_MAX:
        return f"its length is {length} after {offset}, which no memory has"
    if not -1 <= array.null_count <= length:
        return f"{array.null_count} of its {length} rows are null"
    if bool(array.dictionary) != bool(schema.dictionary):
        return "it has a dictionary, or none, and its schema says otherwise"
    if why := _in_buffers(form, array):
        return why
    wanted = schema.n_children
    if array.n_children != wanted or (wanted > 0 and not array.children):
        return f"it has {array.n_children} children, and its schema {wanted}"
    for place in range(wanted):
        if not array.children[place]:
            return "it has children that are not there"
        child = array.children[place].contents
        rows = length + offset
        each = {"+s": 1, "+w": int(form[3:]) if form[3:].isdigit() else 0}.get(form[:2], 0)
        if child.length < rows * each:
            return f"a child has {child.length} rows, and {rows * each} are wanted"
        if why := in_array(schema.children[place].contents, child):
            name = (schema.children[place].contents.name or b"").decode("utf-8", "replace")
            return f"column `{name}` is broken: {why}" if form == "+s" else why
    return in_array(schema.dictionary.contents, array.dictionary.contents) if array.dictionary else None


def _in_buffers(form: str, array: Array) -> Optional[str]:
    is_view = form in ("vu", "vz")
    known = layout(form)
    if known is None and not is_view:
        # What is no format is told by whoever reads it.
        return "its number of buffers is below zero" if array.n_buffers < 0 else None
    wanted = 3 if is_view else known[0] if known else 0
    if (array.n_buffers < wanted) if is_view else (array.n_buffers != wanted):
        return f"it has {array.n_buffers} buffers, and {wanted} are wanted"
    if array.n_buffers > 1 << 20:
        return f"it has {array.n_buffers} buffers"
    if array.n_buffers > 0 and not array.buffers:
        return "its buffers are not there"
    # The first one says what is null, and may be left out where nothing is.
    if wanted > 0 and array.null_count > 0 and not array.buffers[0]:
        return "rows are null, and nothing says which"
    # The bytes of texts may be left out where all texts are empty.
    if wanted > 1 and array.length > 0 and not array.buffers[1]:
        return "its values are not there"
    return None


def checked(rows: Any) -> Any:
    """An object with the Arrow interface whose structs are looked at when they are taken."""
    # A reader may be made of batches that somebody else gives.
    if type(rows).__module__.split(".")[0] in TRUSTED and "Reader" not in type(rows).__name__:
        return rows
    # As the engine chooses where there are both.
    return CheckedArray(rows) if hasattr(rows, "__arrow_c_array__") else CheckedStream(rows)


def _struct(capsule: Any, name: bytes, kind: Any) -> Any:
    try:
        found = ctypes.cast(_pointer_of(capsule, name), ctypes.POINTER(kind)).contents
    except (ValueError, ctypes.ArgumentError) as error:
        raise TypeError(f"it gives no capsule `{name.decode()}`") from error
    if not found.release:
        raise TypeError(f"its capsule `{name.decode()}` was released")
    return found


def _refuse(why: Optional[str]) -> None:
    if why:
        raise TypeError(why if why.startswith("column ") else f"it is broken: {why}")


class CheckedArray:
    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        given = self.rows.__arrow_c_array__()
        if not isinstance(given, tuple) or len(given) != 2:
            raise TypeError("`__arrow_c_array__` gives no pair of capsules")
        schema, array = _struct(given[0], b"arrow_schema", Schema), _struct(given[1], b"arrow_array", Array)
        _refuse(in_struct(schema) or in_array(schema, array))
        return given


class CheckedStream:
    """A stream in front of another, which lives as long as this object."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        # The capsule owns the struct that is asked.
        self.given = self.rows.__arrow_c_stream__()
        self.inner = _struct(self.given, b"arrow_array_stream", Stream)
        if not (self.inner.get_schema and self.inner.get_next and self.inner.get_last_error):
            raise TypeError("it is broken: its stream has no functions")
        self.schema = Schema()
        self.why = b""
        if GetSchema(self.inner.get_schema)(ctypes.byref(self.inner), ctypes.byref(self.schema)):
            raise TypeError(self._told() or "the stream has no schema and gives no reason")
        _refuse("its schema was released" if not self.schema.release else in_struct(self.schema))
        self.functions: Any = (GetSchema(self._schema), GetNext(self._next), GetLastError(self._error), ReleaseStream(self._release))
        self.outer = Stream(*(ctypes.cast(function, ctypes.c_void_p) for function in self.functions), None)
        return _capsule(ctypes.addressof(self.outer), b"arrow_array_stream", None)

    def close(self) -> None:
        """Releases what nobody took. Whoever took it has released it."""
        outer = getattr(self, "outer", None)
        if outer is not None and outer.release:
            self._release(ctypes.pointer(outer))
        # They refer to this object.
        self.functions = None

    def _told(self) -> str:
        text = GetLastError(self.inner.get_last_error)(ctypes.byref(self.inner))
        return (ctypes.cast(text, ctypes.c_char_p).value or b"").decode("utf-8", "replace") if text else ""

    def _schema(self, _: Any, into: Any) -> int:
        return GetSchema(self.inner.get_schema)(ctypes.byref(self.inner), into)

    def _next(self, _: Any, into: Any) -> int:
        try:
            failed = GetNext(self.inner.get_next)(ctypes.byref(self.inner), into)
            if failed:
                self.why = self._told().encode() or f"the stream failed with error {failed} and gives no reason".encode()
                return failed
            # An array that was released is the end.
            why = in_array(self.schema, into.contents) if into.contents.release else None
            if why is None:
                return 0
            ReleaseArray(into.contents.release)(into)
            self.why = (why if why.startswith("column ") else f"it is broken: {why}").encode()
        except BaseException as error:  # None may leave a function that C calls.
            self.why = repr(error).encode()
        return errno.EINVAL

    def _error(self, _: Any) -> Optional[int]:
        self.text = ctypes.create_string_buffer(self.why or self._told().encode() or b"the stream failed and gives no reason")
        return ctypes.addressof(self.text)

    def _release(self, outer: Any) -> None:
        outer.contents.release = None
        if self.schema.release:
            ReleaseSchema(self.schema.release)(ctypes.byref(self.schema))
        if self.inner.release:
            ReleaseStream(self.inner.release)(ctypes.byref(self.inner))
