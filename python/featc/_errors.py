"""What featc raises and warns of, in the words of the command line."""

from __future__ import annotations

import json
import warnings
from typing import Any, Iterable, Sequence


class Place:
    """A place in a program: ``file``, ``line`` and ``column`` (both from 1), ``offset`` (bytes from 0).

    ``end`` is where it ends, not included: a dict with ``offset``, ``line`` and ``column``. ``label`` is what the message
    says of this very place, or None.
    """

    __slots__ = ("column", "end", "file", "label", "line", "offset")

    def __init__(self, found: dict[str, Any]) -> None:
        start, end = found["start"], found["end"]
        self.file: str = found["file"]
        self.line: int = start["line"]
        self.column: int = start["column"]
        self.offset: int = start["offset"]
        self.end: dict[str, int] = dict(end)
        self.label: str | None = found.get("label")

    def __repr__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Edit:
    """What to write in place of some text: ``place``, ``replacement``, and whether nothing else can be meant: ``sure``.

    Of the bytes of the file, those from ``place.offset`` to ``place.end["offset"]`` become the replacement.
    """

    __slots__ = ("place", "replacement", "sure")

    def __init__(self, found: dict[str, Any]) -> None:
        self.place = Place(found)
        self.replacement: str = found["replacement"]
        self.sure: bool = found["sure"]

    def __repr__(self) -> str:
        return f"Edit({self.place!r}, {self.replacement!r})"


class Diagnostic:
    """A message as data.

    ``code`` (``"E0203"``; empty where there is none), ``severity`` (``"error"`` or ``"warning"``), ``title``,
    ``message``, ``place`` (or None), ``secondary`` (places), ``notes``, ``help`` (or None), ``edit`` (or None), and
    ``text``: all of it, as a terminal shows it.
    """

    __slots__ = ("code", "edit", "help", "message", "notes", "place", "secondary", "severity", "text", "title")

    def __init__(self, code: str, is_error: bool, text: str, data: str) -> None:
        found = json.loads(data) if data else {}
        told = found.get("help") or {}
        self.code = code
        self.severity = "error" if is_error else "warning"
        self.title: str = found.get("title", "")
        self.message: str = found.get("message", text)
        self.place = Place(found["primary"]) if found.get("primary") else None
        self.secondary = [Place(place) for place in found.get("secondary", ())]
        self.notes: list[str] = list(found.get("notes", ()))
        self.help: str | None = told.get("text")
        self.edit = Edit(told["edit"]) if told.get("edit") else None
        self.text = text.rstrip("\n")

    def __repr__(self) -> str:
        return f"<{self.severity} {self.code}: {self.message}>"

    def __str__(self) -> str:
        return self.text


class Error(Exception):
    """featc refuses. ``str()`` is the message as a terminal shows it; ``diagnostics`` are its parts as data."""

    def __init__(self, diagnostics: Sequence[Diagnostic] | str) -> None:
        if isinstance(diagnostics, str):
            diagnostics = [Diagnostic("", True, diagnostics, "")]
        self.diagnostics: list[Diagnostic] = list(diagnostics)
        super().__init__("\n\n".join(diagnostic.text for diagnostic in self.diagnostics))

    @property
    def code(self) -> str:
        """The code of the first error, such as ``"E0702"``; empty where it has none."""
        errors = [diagnostic.code for diagnostic in self.diagnostics if diagnostic.severity == "error"]
        return errors[0] if errors else ""

    def __reduce__(self) -> Any:
        # What was added since, such as notes and results, is in the dict.
        return type(self), (self.diagnostics,), dict(self.__dict__)


class CompileError(Error):
    """A program that does not compile, or that is not there."""


class RunError(Error):
    """A run that is refused: for its data, its files or its arguments."""

    #: What ``--json`` prints of a run that found something before it was refused, such as differences; else None.
    result: Any = None


class Bug(Error):
    """A broken promise of featc itself. Please report it with the program and the call."""


class FeatcWarning(UserWarning):
    """What is allowed, and probably not meant. ``diagnostic`` has it as data."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.text)
        self.diagnostic = diagnostic

    def __reduce__(self) -> Any:
        return type(self), (self.diagnostic,)


Messages = Iterable["tuple[str, bool, str, str]"]


def diagnostics(messages: Messages) -> list[Diagnostic]:
    return [Diagnostic(*message) for message in messages]


def refusal(messages: Messages) -> Error:
    """The exception for messages of which one is an error."""
    return _kind(diagnostics(messages), RunError)


def _kind(told: "list[Diagnostic]", usual: "type[Error]") -> Error:
    return (Bug if any(diagnostic.code == "E9999" for diagnostic in told) else usual)(told)


def bug(why: str) -> Bug:
    return Bug(f"featc broke a promise of its own: {why}; please report it with the program and the call")


def warn_of_numbers(what: str, column: str, stacklevel: int) -> None:
    """Of instants that were numbers once."""
    text = f"warning: all instants in `{column}` of {what} lie in January 1970\n = help: of numbers pandas takes each for nanoseconds: write `pd.to_datetime(x, unit=\"s\", utc=True)` where they count seconds, `unit=\"ms\"` where milliseconds"
    warnings.warn(FeatcWarning(Diagnostic("", False, text, "")), stacklevel=stacklevel + 1)


def settle(outcome: Any, error: type[Error] = RunError, stacklevel: int = 3) -> list[Diagnostic]:
    """Raises what a run was refused for; warns of the rest, and gives it."""
    told = diagnostics(outcome.messages)
    if outcome.refused:
        raise _kind(told, error)
    for diagnostic in told:
        warnings.warn(FeatcWarning(diagnostic), stacklevel=stacklevel)
    return told
