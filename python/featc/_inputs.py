"""What may stand for rows: paths, Arrow, pandas, Polars, DuckDB, plain Python."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import itertools
import os
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence

from . import _c_data, _featc

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NAIVE_EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)
#: What stands alone for a value of a column.
VALUES = (str, bool, int, float, decimal.Decimal, datetime.date, datetime.timedelta)
#: What numpy has in place of an instant or a span that is missing.
NAT = -(2**63)


def is_path(rows: Any) -> bool:
    return isinstance(rows, (str, os.PathLike))


def is_column(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes))


def is_value(value: Any) -> bool:
    """Whether it stands alone, as a value of a column."""
    return isinstance(value, VALUES) or (not is_column(value) and isinstance(_item(value), VALUES))


def table(rows: Any, what: str, wanted: Iterable[str] = ()) -> _featc.Table:
    """Rows as a table of the engine; ``what`` is what messages call them, ``wanted`` the columns that are needed."""
    return source(rows, what, _featc.Spool, wanted)


def in_rows(column: dict[str, Any], arrival: Optional[str] = None) -> tuple[str, str, bool]:
    """A column of a source as rows have it: name, type, and whether they may leave it out. One that a file holds under another
    name, or in another form than its type (`form`), stands in rows as in a file: nothing is made of it here."""
    if "form" in column:
        return column["field"].split(".")[0], "", False
    return column["name"], column["type"], column["nullable"] or column["name"] == arrival


def fitted(rows: Any, what: str, columns: _featc.Columns) -> _featc.Table:
    """Rows with the declared types, where libraries have others for the same values, and null in columns that they may lack."""
    return columns.fit(source(rows, what, columns.spool, columns.names))


def source(rows: Any, what: str, spool: Callable[[], _featc.Spool], wanted: Iterable[str] = ()) -> Any:
    """Rows as a table of the engine; what can be read once goes through a spool, which keeps much of it in a file."""
    if isinstance(rows, _featc.Table):
        return rows
    inner = getattr(rows, "_table", None)
    if isinstance(inner, _featc.Table):
        return inner
    module = type(rows).__module__.split(".")[0]
    if module == "pandas" and hasattr(rows, "columns"):
        return _of_pandas(rows, what, wanted)
    if module == "pandas" and hasattr(rows, "to_frame"):
        raise TypeError(f"{what}: no Arrow table: a {type(rows).__name__} is one column, `.to_frame()` makes a frame of it")
    if isinstance(rows, Mapping):
        is_row = rows and not any(is_column(value) for value in rows.values())
        return of_columns({name: [value] for name, value in rows.items()} if is_row else rows, what)
    if isinstance(rows, (list, tuple)) and not rows:
        raise TypeError(f"{what}: an empty list has no columns; give a dict of empty columns")
    if is_path(rows):
        of_keys = f"; {_named([rows], wanted)}" if what == "entities" and wanted else ""
        raise TypeError(f"{what}: rows are wanted here, and not a path: read it first, for example with pandas or Polars{of_keys}")
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return of_columns({name: [row.get(name) for row in rows] for name in names}, what)
    if isinstance(rows, (list, tuple)):
        if wanted and all(is_value(value) for value in rows):
            of_files = "; of files give a folder or a pattern such as `data/*.csv`" if isinstance(rows[0], str) and what != "entities" else ""
            raise TypeError(f"{what}: a list is no table: {_named(rows, wanted)}{of_files}")
        raise TypeError(f"{what}: a list is no table: of frames give `iter([…])` or one that holds all, of files a folder or a pattern such as `data/*.csv`")
    parts = _parts(rows, module)
    if parts is None:
        kind = f"{type(rows).__module__}.{type(rows).__qualname__}"
        if wanted and is_value(rows):
            raise TypeError(f"{what}: {kind} is no table; {_named([rows], wanted)}")
        raise TypeError(
            f"{what}: {kind} is no table; give a path, a pandas or Polars frame, an Arrow table, reader or dataset, a DuckDB "
            "relation, or anything else with `__arrow_c_stream__`; a dict of columns, a list of dicts, or one dict; or an "
            "iterator of any of these"
        )
    is_memory = any(type(getattr(rows, name, None)) is int for name in ("num_rows", "height"))
    into = _featc.Spool() if is_memory else spool()
    # What an iterator raises is its own; an iterator gives whatever is a table.
    for part in parts:
        with _told_of(what):
            if not _add(into, part if _is_arrow(part) else table(part, "a part")):
                break
    with _told_of(what):
        return into.finish(what)


def _named(values: Sequence[Any], wanted: Iterable[str]) -> str:
    """How values without a name are given with one."""
    first, *others = wanted
    shown = ", ".join([repr(_item(value)) for value in values[:2]] + ["…"] * (len(values) > 2))
    columns = [f'"{first}": [{shown}]', *(f'"{name}": […]' for name in others[:2]), *["…"] * (len(others) > 2)]
    return f"columns have names, as in `{{{', '.join(columns)}}}`"


@contextlib.contextmanager
def _told_of(what: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        # A reader turns what is raised behind it into a text.
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from error
        raise TypeError(f"{what}: no Arrow table: {error}") from error


def _add(into: _featc.Spool, part: Any) -> bool:
    """Whether more is wanted after this part."""
    taken = _c_data.checked(part)
    try:
        return into.add(taken)
    finally:
        if isinstance(taken, _c_data.CheckedStream):
            taken.close()


def _is_arrow(rows: Any) -> bool:
    return hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__")


def _parts(rows: Any, module: str) -> "Optional[Iterable[Any]]":
    """What has the Arrow interface, one after the other."""
    if module == "polars" and hasattr(rows, "collect_schema") and hasattr(rows, "lazy") and not _is_arrow(rows):
        # A LazyFrame. Of one without rows come no batches.
        batches = rows.collect_batches() if hasattr(rows, "collect_batches") else [rows.collect()]
        return map(_of_polars, itertools.chain([rows.collect_schema().to_frame()], batches))
    if module == "polars" and hasattr(rows, "with_columns"):
        return [_of_polars(rows)]
    if module == "pyarrow" and hasattr(rows, "scanner"):
        return [rows.scanner().to_reader()]  # A Dataset.
    if module == "duckdb" and hasattr(rows, "to_arrow_reader"):
        return [rows.to_arrow_reader()]
    if _is_arrow(rows):
        return [rows]
    return rows if isinstance(rows, Iterator) else None


def _of_polars(frame: Any) -> Any:
    """A Polars frame without columns of type Null, which it writes with a buffer that Arrow's interface does not have.

    As everywhere where nothing is there, they are floats.
    """
    nothing = [name for name, kind in frame.schema.items() if str(kind) == "Null"]
    if not nothing:
        return frame
    import polars

    return frame.with_columns(polars.col(nothing).cast(polars.Float64))


def _of_pandas(frame: Any, what: str, wanted: Iterable[str]) -> _featc.Table:
    """A pandas frame, without its index."""
    if not hasattr(frame, "items"):
        raise TypeError(f"{what}: {type(frame).__name__} is no frame; give a frame, with `.to_frame()`")
    names = [name for name in frame.columns if not isinstance(name, str)]
    if names:
        raise TypeError(f"{what}: the name of a column is a text, and {names[0]!r} is none; rename it")
    held = [name for name in wanted if name in frame.index.names and name not in frame.columns]
    if held:
        raise TypeError(f"{what}: `{held[0]}` is in the index of the frame, which is no column: `frame.reset_index()` makes it one")
    try:
        import pyarrow
    except ImportError:
        return of_columns({name: _plain(column) for name, column in frame.items()}, what)
    try:
        into = _featc.Spool()
        into.add(_arrow_of_pandas(frame))
        return into.finish(what)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError, ValueError) as error:
        raise TypeError(f"{what}: a column cannot be turned into Arrow: {error}") from error


def _arrow_of_pandas(frame: Any) -> Any:
    """As a pyarrow table, in which NaN of columns of numpy stays NaN."""
    import pyarrow

    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    for place, (_, column) in enumerate(frame.items()):
        is_float = type(column.dtype).__module__.startswith("numpy") and column.dtype.kind == "f"
        if is_float and table.column(place).null_count > 0:
            values = pyarrow.array(column.to_numpy(), from_pandas=False)
            table = table.set_column(place, table.schema.field(place), values)
    return table


def _plain(column: Any) -> list[Any]:
    """The values of a pandas column, None for what is missing; NaN stays in columns of floats."""
    values = column.astype(object).tolist()
    if str(column.dtype).startswith("float"):
        return values
    missing = column.isna().tolist()
    return [None if gone else _stamp(value) for value, gone in zip(values, missing)]


def _stamp(value: Any) -> Any:
    return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value


def of_columns(columns: Mapping[str, Any], what: str) -> _featc.Table:
    """A table of plain Python values, by columns."""
    if not columns:
        raise TypeError(f"{what}: no columns; where there are no rows give a dict of empty columns")
    made = []
    lengths = set()
    for name, values in columns.items():
        if not isinstance(name, str):
            raise TypeError(f"{what}: the name of a column is a text, and {name!r} is none")
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            raise TypeError(f"{what}: column `{name}` is no list of values")
        kind, raw = _numpy_times(values) or _kind([_item(value) for value in values], f"{what}: column `{name}`")
        lengths.add(len(raw))
        made.append((name, kind, raw))
    if len(lengths) > 1:
        raise ValueError(f"{what}: its columns have different lengths")
    try:
        return _featc.Table.from_columns(made)
    except (TypeError, OverflowError, ValueError) as error:
        raise TypeError(f"{what}: {error}") from error


def _numpy_times(values: Any) -> Optional[tuple[str, list[Any]]]:
    """Instants and spans of numpy, whose `.item()` is a number where they are in nanoseconds; NaT is null."""
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind not in ("M", "m") or not hasattr(values, "astype") or not hasattr(values, "tolist"):
        return None
    if getattr(values.dtype, "tz", None) is not None:
        return None  # Instants of pandas with a zone, which numpy has none of: one by one.
    numbers = values.astype("datetime64[us]" if kind == "M" else "timedelta64[us]").astype("int64").tolist()
    return "naive" if kind == "M" else "duration", [None if number == NAT else number for number in numbers]


def _item(value: Any) -> Any:
    """A value of numpy or pandas as one of Python."""
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(value, "to_timedelta64"):
        value = value.to_timedelta64()
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind in ("M", "m") and hasattr(value, "astype"):
        number = int(value.astype("datetime64[us]" if kind == "M" else "timedelta64[us]").astype("int64"))
        if number == NAT:
            return None
        span = datetime.timedelta(microseconds=number)
        return NAIVE_EPOCH + span if kind == "M" else span
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    return value.item() if hasattr(value, "item") else value


def _kind(values: list[Any], what: str) -> tuple[str, list[Any]]:
    """The kind of a column, and its values as the engine takes them."""
    known = {type(value) for value in values if value is not None}

    def all_of(*kinds: type) -> bool:
        return all(issubclass(kind, kinds) for kind in known)

    if not known:
        return "null", values
    if all_of(bool):
        return "bool", values
    if bool not in known and all_of(int):
        return "int", values
    if bool not in known and all_of(int, float):
        return "float", values
    if all_of(str):
        return "string", values
    if all_of(bytes):
        return "binary", values
    if all_of(datetime.datetime):
        zoned = {value.tzinfo is not None for value in values if value is not None}
        if len(zoned) > 1:
            raise TypeError(f"{what} has instants with a zone and without one")
        if zoned == {True}:
            return "timestamp", [value and (value - EPOCH) // MICROSECOND for value in values]
        return "naive", [value and (value - NAIVE_EPOCH) // MICROSECOND for value in values]
    if datetime.datetime not in known and all_of(datetime.date):
        return "date", [value and value.toordinal() - EPOCH.toordinal() for value in values]
    if all_of(datetime.timedelta):
        return "duration", [None if value is None else value // MICROSECOND for value in values]
    if all_of(decimal.Decimal, int) and decimal.Decimal in known:
        numbers = [None if value is None else decimal.Decimal(value) for value in values]
        if not all(number is None or number.is_finite() for number in numbers):
            raise TypeError(f"{what} has a decimal that is no number")
        scale = max([0, *(-int(number.as_tuple().exponent) for number in numbers if number is not None)])
        return f"decimal:{scale}", [None if number is None else f"{number:f}" for number in numbers]
    names = ", ".join(sorted(kind.__name__ for kind in known))
    raise TypeError(f"{what} has values of no one type: {names}")


def from_kind(kind: str, values: list[Any]) -> list[Any]:
    """Values of the engine as Python has them."""
    if kind.startswith("list:"):
        return [None if value is None else from_kind(kind[5:], value) for value in values]
    if kind.startswith("decimal:"):
        return [None if value is None else decimal.Decimal(value) for value in values]
    if kind in ("timestamp", "naive", "timestamp_ns", "naive_ns"):
        epoch = EPOCH if kind.startswith("timestamp") else NAIVE_EPOCH
        unit = 1_000 if kind.endswith("_ns") else 1
        return [None if value is None else epoch + datetime.timedelta(microseconds=value // unit) for value in values]
    if kind == "date":
        day = EPOCH.date()
        return [None if value is None else day + datetime.timedelta(days=value) for value in values]
    if kind == "duration":
        return [None if value is None else datetime.timedelta(microseconds=value) for value in values]
    return values


def to_columns(rows: _featc.Table, raw: bool = False) -> dict[str, list[Any]]:
    """Columns as lists of Python values; with ``raw`` those that Python has no values for as numbers."""
    found = {}
    for name, kind, values in rows.to_columns():
        try:
            found[name] = from_kind(kind, values)
        except OverflowError as error:
            if raw:
                found[name] = values
                continue
            raise ValueError(f"column `{name}` has values that Python's datetime does not (years 1 to 9999); take `to_arrow`") from error
    return found


def instant_us(at: Any, what: str = "at") -> int:
    """An instant in microseconds since 1970-01-01T00:00:00Z: an aware datetime, or a text with an offset."""
    if hasattr(at, "to_pydatetime"):
        at = at.to_pydatetime(warn=False)
    if isinstance(at, str):
        return _featc.parse_instant(at, False)
    if isinstance(at, datetime.datetime):
        if at.tzinfo is None:
            raise ValueError(f"{what}: an instant needs a zone: `datetime(…, tzinfo=timezone.utc)`")
        return (at - EPOCH) // MICROSECOND
    raise TypeError(f"{what}: an instant is a datetime with a zone, or a text such as 2013-03-01T12:00:00Z")


def duration_text(value: Any) -> str:
    """A duration as the command line takes it."""
    if isinstance(value, datetime.timedelta):
        return f"{value // MICROSECOND}us"
    return str(value)


def instant_text(value: Any) -> str:
    """An instant as the command line takes it."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone: `datetime(…, tzinfo=timezone.utc)`")
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    return str(value)
