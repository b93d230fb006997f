"""Tests of features: events and expectations stated in Python, answered by both engines and the model.

::

    from featc.testing import case

    def test_late_events_do_not_count():
        case(
            "fraud.feat",
            events={"txn": [{"id": 1, "card": "a", "amount": 5.0, "at": "2024-05-01T10:00:00Z", "known_at": "2024-05-01T10:00:02Z"}]},
            ask=[{"card": "a", "timestamp": "2024-05-01T10:00:01Z"}, {"card": "a", "timestamp": "2024-05-01T10:00:03Z"}],
            expect={"spend__total": [0.0, 5.0]},
            service="risk",
        )
"""

from __future__ import annotations

import datetime
import decimal
import math
from typing import Any, Mapping, Optional, Sequence, Union

from ._inputs import EPOCH, is_column, is_path, table
from ._program import Program
from ._table import TrainingSet

__all__ = ["case"]


def case(
    program: Union[Program, str],
    *,
    events: Mapping[str, Any],
    ask: Any,
    expect: Mapping[str, Sequence[Any]],
    service: Optional[str] = None,
    truth: Optional[str] = None,
) -> TrainingSet:
    """Answers questions by the batch engine, the streaming engine and the model, which must agree bit by bit, and compares
    the answers with what is expected.

    :param events: source → rows: a list of dicts, a dict of columns, a frame. In lists and dicts, texts of declared
        timestamp, date, duration and decimal columns are read as the command line reads them, and what a row leaves out is
        null.
    :param ask: the questions: likewise, with the keys of the service and ``timestamp``.
    :param expect: output column (``view__feature``, or with ``__status`` after it) → one value per question. Columns that are
        not named are not compared. Floats are compared exactly; NaN equals NaN.
    :param program: a program, or the text or path of one.
    :param truth: ``"as-of-arrival"`` (unless told) or ``"complete"``.
    :param service: may be left out of a program with one service.
    :raises AssertionError: with a line per value that is another one.
    :raises featc.RunError: what the command line refuses; E0709 if the engines differ.
    """
    if not isinstance(events, Mapping):
        raise TypeError("events: a dict of source → rows is wanted, such as {'payments': [{…}]}")
    if isinstance(ask, Mapping) and not any(is_column(value) for value in ask.values()):
        ask = [ask]
    if not isinstance(expect, Mapping) or not all(is_column(values) for values in expect.values()):
        raise TypeError("expect: a dict of column → values is wanted, one value per question, such as {'spend__total': [5.0]}")
    compiled = program if isinstance(program, Program) else Program(program)
    if service is None:
        if len(compiled.services) != 1:
            raise TypeError(f"service: the program has several: {', '.join(compiled.services)}")
        service = next(iter(compiled.services))
    declared = compiled.services[service]
    types = {source["name"]: {column["name"]: column["type"] for column in source["columns"]} for source in compiled._about["sources"]}
    rows = {name: _typed(given, types.get(name, {})) for name, given in events.items()}
    for name in declared.sources:
        if name not in rows:
            rows[name] = _typed([], types[name])
    spine = _typed(ask, {**declared.keys, **declared.self_columns, **declared.request, "timestamp": "timestamp"})
    asked: dict[str, Any] = {"truth": truth, "sources": rows, "max_missing": "100%", "max_rejected": "100%", "progress": False}
    if is_path(spine):
        raise TypeError("ask: questions are rows, and not a path")
    spine = table(spine, "ask")
    # Half of a sample are rows of the spine: this one has all of them.
    compiled.verify(service, spine, sample=max(1_000, 2 * len(spine)), **asked)
    found = compiled.train(service, spine, status=True, **asked)
    columns = found.to_pydict()
    wrong = []
    for name, values in expect.items():
        if name not in columns:
            wrong.append(f"no column `{name}`; there are: {', '.join(columns)}")
            continue
        if len(values) != len(found):
            wrong.append(f"{name}: {len(values)} values are expected of {len(found)} questions")
            continue
        for row, (is_, wanted) in enumerate(zip(columns[name], values)):
            if not _same(is_, wanted):
                status = columns.get(f"{name}__status", [""] * len(found))[row]
                wrong.append(f"{name}, question {row + 1} of {len(found)}: {is_!r} ({status}), expected {wanted!r}")
    if wrong:
        raise AssertionError("\n".join(wrong))
    return found


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    if isinstance(found, (datetime.datetime, datetime.date, datetime.timedelta, decimal.Decimal)) and isinstance(wanted, str):
        kinds = {datetime.datetime: "timestamp", datetime.date: "date", datetime.timedelta: "duration", decimal.Decimal: "decimal"}
        wanted = _value(wanted, kinds[type(found)])
    if isinstance(found, list) and isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    if isinstance(found, decimal.Decimal) and isinstance(wanted, float):
        # As it is written.
        wanted = decimal.Decimal(repr(wanted))
    return type(found) is type(wanted) and found == wanted or (isinstance(found, decimal.Decimal) and found == wanted)


def _typed(rows: Any, types: Mapping[str, str]) -> Any:
    """Rows with a column of the declared type for every declared column."""
    from . import _featc
    from ._inputs import of_columns

    if isinstance(rows, Mapping):
        columns = {name: list(values) for name, values in rows.items()}
    elif isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys([*types, *(name for row in rows for name in row)]))
        columns = {name: [row.get(name) for row in rows] for name in names}
    else:
        return rows
    for name, ty in types.items():
        if name in columns:
            columns[name] = [_value(value, ty) for value in columns[name]]
    table = of_columns(columns, "rows")
    empty = [name for name, kind in zip(table.column_names, table.column_types) if kind == "Null" and name in types]
    if not empty:
        return table
    made = []
    for name, kind, values in table.to_columns():
        made.append((name, _KINDS.get(types[name].split("(")[0], "null") if name in empty else kind, values))
    return _featc.Table.from_columns(made)


_KINDS = {
    "int64": "int",
    "float64": "float",
    "bool": "bool",
    "string": "string",
    "timestamp": "timestamp",
    "date": "date",
    "duration": "duration",
    "decimal": "decimal:0",
}


def _value(value: Any, ty: str) -> Any:
    from . import _featc

    if not isinstance(value, str):
        return float(value) if ty == "float64" and isinstance(value, int) and not isinstance(value, bool) else value
    if ty == "timestamp":
        return EPOCH + datetime.timedelta(microseconds=_featc.parse_instant(value, False))
    if ty == "duration":
        return datetime.timedelta(microseconds=_featc.parse_instant(value, True))
    if ty == "date":
        return datetime.date.fromisoformat(value)
    if ty.startswith("decimal"):
        return decimal.Decimal(value)
    return value
