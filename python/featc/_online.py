"""Online values: push events, read services."""

from __future__ import annotations

import datetime
import json
import os
from typing import TYPE_CHECKING, Any, Optional

from . import _featc
from ._arguments import a_name, told
from ._errors import Bug
from ._inputs import EPOCH, MICROSECOND, fitted, instant_us
from ._table import Table

if TYPE_CHECKING:
    from ._program import Program


class Online:
    """The streaming engine of a program in one truth; made by :meth:`Program.online`.

    Answers are a function of the set of rows pushed (and as of arrival of the cut): order, batches, copies and restarts
    leave no trace. As of arrival rows wait until :meth:`advance` has moved the cut to where they are visible, and
    questions are answered at the cut and nowhere else; in truth ``complete`` nothing waits. Memory is bounded where
    windows are, if :meth:`advance` is called. Any number of threads may use one object; calls take turns. After a
    :class:`featc.Bug` in the middle of a call every other raises it too, until :meth:`restore` or :meth:`load`.
    """

    def __init__(self, program: "Program", inner: _featc.Online, truth: str) -> None:
        self.program = program
        #: ``"as-of-arrival"`` or ``"complete"``.
        self.truth = truth
        self._inner = inner

    @told
    def push(self, source: str, rows: Any) -> dict[str, Any]:
        """Takes in rows of a source: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict. Columns go by name,
        those that may be null may be left out; copies count once.

        Gives a dict of counts of rows: ``rows``; ``accepted``; ``waiting`` for the cut; ``overdue``, whose arrival lies at or
        before the cut, so that answers already given would have had to see them; ``expired``, which no question can reach
        any more; ``differing_copies``. ``rejected`` lists the rows that count for nothing, each with ``place`` (from 1),
        ``reason`` and ``detail``; ``rejected_by_view`` those that a view leaves out. ``undeclared`` lists the columns that
        the source does not declare, which are ignored. Rows that cannot be used are no error.

        :raises featc.RunError: an unknown source, a column that is missing or of a type that does not decode; nothing of
            the rows is taken in then.
        """
        a_name(source, "source", next(iter(self.program._sources()), "events"))
        columns = self.program._columns(source)
        given = fitted(rows, f"rows of `{source}`", columns)
        report = json.loads(self._inner.push(source, given))
        return {**report, "undeclared": columns.undeclared(given.column_names)}

    @told
    def advance(self, at: Any) -> dict[str, int]:
        """Says that no question before ``at`` will come: moves the cut there, lets in what is visible there, and releases
        events that no question can reach any more.

        :raises featc.RunError: the cut does not go back.
        """
        return json.loads(self._inner.advance(instant_us(at)))

    @property
    def cut(self) -> Optional[datetime.datetime]:
        """The instant of the last :meth:`advance`, in UTC; None before the first."""
        cut = self._inner.cut_us
        return None if cut is None else EPOCH + cut * MICROSECOND

    @told
    def read(self, service: str, entities: Any, at: Any = None, *, status: bool = False) -> Table:
        """Answers a service for every row of ``entities``, in order.

        :param entities: the keys: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict of one entity.
        :param at: one instant for all rows, or one per row; unless told, the cut.
        :param status: whether each feature is followed by ``<feature>__status``.
        :returns: one row per question, one column per feature.
        :raises featc.RunError: an unknown service, missing keys, an instant that cannot be asked.
        """
        a_name(service, "service", next(iter(self.program.services), "risk"))
        asked = fitted(entities, "entities", self.program._asked_with(service))
        many = not isinstance(at, (str, datetime.datetime)) and hasattr(at, "__iter__")
        instants: Optional[list[int]] = None
        if at is not None:
            instants = [instant_us(one) for one in at] if many else [instant_us(at)] * len(asked)
        # Without an instant the engine takes the cut under its own lock: another thread may move it.
        answers = self._inner.read(service, asked, instants, status)
        if answers is None:
            raise ValueError("at: there is no cut yet; say the instant, or call `advance` first")
        return Table(answers)

    def snapshot(self) -> bytes:
        """The whole state, waiting rows and the cut included: equal sets of rows up to equal cuts give equal bytes."""
        return self._inner.snapshot()

    def restore(self, snapshot: bytes) -> dict[str, Any]:
        """Replaces the state by that of a snapshot of the same truth, of this program or of another version of it.

        Gives ``is_whole``, ``kept``, ``to_rebuild`` (each with ``source``, ``why``, and ``after``: the instant
        after which its rows are to be pushed again, None for all of them) and ``dropped``. What is to be rebuilt is not answered
        until its history is pushed and :meth:`rebuilt` is called.

        :raises featc.RunError: damaged bytes, another truth or version; the state stays as it was.
        """
        return _restored(self._inner.restore(bytes(snapshot)))

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Writes a snapshot to the file ``path``, whole or not at all.

        :raises featc.RunError: it cannot be written.
        """
        self._inner.save(os.fspath(path))

    def load(self, path: "str | os.PathLike[str]") -> dict[str, Any]:
        """As :meth:`restore`, from the file ``path``.

        :raises featc.RunError: it cannot be read, is damaged, or is of another truth; the state stays as it was.
        """
        return _restored(self._inner.load(os.fspath(path)))

    def rebuilt(self) -> list[str]:
        """Says that the history of what was to be rebuilt has been pushed; tells what that is."""
        return self._inner.rebuilt()

    def stats(self) -> list[dict[str, Any]]:
        """Per log: ``transform``, ``entities``, ``events``, ``waiting``, ``bytes`` (about)."""
        return json.loads(self._inner.stats())

    def __repr__(self) -> str:
        try:
            cut = str(self.cut)
        except Bug:
            cut = "unknown"
        return f"<featc.Online of {self.program.module}, truth {self.truth}, cut {cut}>"


def _restored(report: str) -> dict[str, Any]:
    found = json.loads(report)
    for log in found["to_rebuild"]:
        after = log.pop("after_us")
        log["after"] = None if after is None else EPOCH + after * MICROSECOND
    return found
