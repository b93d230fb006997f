"""Tables that the engine gives."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, Iterator

from . import _featc
from ._errors import Diagnostic
from ._inputs import to_columns

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Table:
    """Rows in memory, in order.

    It has the Arrow PyCapsule interface, so ``pyarrow.table(t)``, ``polars.DataFrame(t)``, ``duckdb`` and others take it
    as it is, without a copy. ``len(t)`` is the number of rows, ``t.columns`` the names of the columns.
    """

    def __init__(self, table: _featc.Table) -> None:
        self._table = table

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return self._table.column_names

    @property
    def types(self) -> dict[str, str]:
        """Column → Arrow type, as text."""
        return dict(zip(self._table.column_names, self._table.column_types))

    @property
    def nbytes(self) -> int:
        """About how many bytes the rows take."""
        return self._table.num_bytes

    def __len__(self) -> int:
        return self._table.num_rows

    def __arrow_c_schema__(self) -> Any:
        return self._table.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> "pyarrow.Table":
        """As a pyarrow table, without a copy. Needs pyarrow."""
        import pyarrow

        return pyarrow.table(self)

    def to_polars(self) -> "polars.DataFrame":
        """As a Polars frame. Needs polars, and no pyarrow."""
        import polars

        return polars.DataFrame(self)

    def to_pandas(self) -> "pandas.DataFrame":
        """As a pandas frame. Needs pandas.

        With pyarrow, types are those of ``pyarrow.Table.to_pandas``; without it, columns of numbers without nulls and
        timestamps have their types, and all others hold Python objects.
        """
        import pandas

        try:
            return self.to_arrow().to_pandas()
        except ImportError:
            pass
        found = {}
        for name, values in to_columns(self._table).items():
            plain = all(value is not None for value in values)
            numbers = plain and values and all(type(value) in (int, float, bool) for value in values)
            stamps = values and all(value is None or hasattr(value, "tzinfo") for value in values)
            if numbers or not values:
                found[name] = pandas.Series(values)
            elif stamps and any(value is not None for value in values):
                found[name] = pandas.to_datetime(pandas.Series(values, dtype="object"), utc=values[0] is not None and values[0].tzinfo is not None)
            elif all(value is None or isinstance(value, float) for value in values):
                found[name] = pandas.Series(values, dtype="float64")
            else:
                found[name] = pandas.Series(values, dtype="object")
        return pandas.DataFrame(found)

    def to_pydict(self) -> dict[str, list[Any]]:
        """Columns as lists of Python values; null is None. Needs nothing.

        Timestamps are ``datetime`` (in UTC, cut to microseconds), dates ``date``, durations ``timedelta``, decimals
        ``Decimal``, lists ``list``.
        """
        return to_columns(self._table)

    def to_pylist(self) -> list[dict[str, Any]]:
        """Rows as dicts; see :meth:`to_pydict`."""
        columns = self.to_pydict()
        return [dict(zip(columns, row)) for row in zip(*columns.values())]

    def head(self, rows: int = 5) -> "Table":
        """The first rows."""
        return Table(self._table.head(rows))

    def __getitem__(self, key: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is no frame: take to_pandas()[{key!r}], to_polars()[{key!r}], or to_pydict() without either")

    def __getattr__(self, name: str) -> Any:
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        if name.startswith(("to_", "write_")):
            frame = "to_polars" if name.startswith("write_") else "to_pandas"
            raise AttributeError(f"{message}: take `{frame}().{name}(…)`; `program.train_to(\"train.csv\", …)` writes a training set with its record")
        if not name.startswith("_"):
            raise AttributeError(f"{message}: a frame has more; take to_pandas(), to_polars() or to_arrow()")
        raise AttributeError(message)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_pylist())

    def __repr__(self) -> str:
        return f"<featc.{type(self).__name__}: {len(self)} rows, {len(self.columns)} columns>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.table(self)


class Features(Table):
    """The features of a program: a row each. ``features["view.feature"]``, or ``["view__feature"]`` as columns of answers
    are called, is the row of one, as a dict.
    """

    def __getitem__(self, key: Any) -> dict[str, Any]:
        if not isinstance(key, str) or key in self.columns:
            return super().__getitem__(key)
        rows = {row["name"]: row for row in self}
        known = {**rows, **{name.replace(".", "__"): row for name, row in rows.items()}}
        if key in known:
            return known[key]
        near = difflib.get_close_matches(str(key), rows, 3)
        raise KeyError(f"no feature {key!r}; " + (f"near it: {', '.join(near)}" if near else f"there are: {', '.join(rows)}"))


class TrainingSet(Table):
    """A training set: the rows and columns of the spine, then a column per feature (``view__feature``).

    Rows are those of the spine, in its order. With ``status=True`` each feature is followed by ``view__feature__status``:
    ``ok``, ``empty``, ``missing``, ``truncated``, ``stale`` or ``error(…)``. Types: int64, float64, bool, string,
    decimal128, timestamp[us, UTC], date32, duration[us], lists of these; null is no value.
    """

    def __init__(self, outcome: Any, diagnostics: list[Diagnostic], index: Any = None, numeric: bool = False) -> None:
        table = outcome.table
        super().__init__(table.numeric(outcome.features) if numeric else table)
        #: The names of the feature columns, in order.
        self.features: list[str] = outcome.features
        #: What became of the rows of every source, and of the questions: see the keys of the dict, and
        #: ``provenance`` under ``"provenance"`` (what the set was made of: release, program, truth, inputs).
        self.report: dict[str, Any] = json.loads(outcome.report)
        self.report["provenance"] = json.loads(outcome.record)
        self.report["truth"] = self.report["provenance"]["truth"]
        #: What is allowed and probably not meant; each was a Python warning, too.
        self.warnings: list[Diagnostic] = diagnostics
        #: Lines about rejected rows and questions that find nothing, as the command line prints them.
        self.notes: list[str] = list(outcome.notes)
        self._index = index

    @property
    def rejected(self) -> dict[str, dict[str, int]]:
        """Source → reason → how many rows count for nothing."""
        return {source["source"]: dict(source["rejected"]) for source in self.report["sources"] if source["rejected"]}

    def to_pandas(self) -> "pandas.DataFrame":
        """As a pandas frame, with the index of the spine if that was a pandas frame; see :meth:`Table.to_pandas`."""
        frame = super().to_pandas()
        if self._index is not None and len(self._index) == len(frame):
            frame.index = self._index
        return frame

    def _repr_html_(self) -> str:
        from . import _html

        return _html.training_set(self)
