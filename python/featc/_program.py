"""Compiled programs and what they are run for."""

from __future__ import annotations

import datetime
import decimal
import functools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Union

from . import _featc
from ._arguments import a_name, rows_of, told
from ._errors import CompileError, Diagnostic, RunError, diagnostics, refusal, settle, warn_of_numbers
from ._inputs import _item, duration_text, in_rows, instant_text, is_column, is_path, is_value, of_columns, source, table
from ._online import Online
from ._progress import Bar
from ._server import Server
from ._table import Features, Table, TrainingSet

Sources = Mapping[str, Any]


class Service(NamedTuple):
    """What a service is asked with, and what it answers."""

    #: Its name.
    name: str
    #: Key column → type: what every question has, beside its instant.
    keys: dict[str, str]
    #: Identity column → type: what a question about an event has, where a feature says ``excluding self``.
    self_columns: dict[str, str]
    #: Field of a request → type: what every question has as well, where a feature of the service reads it; it may be null.
    request: dict[str, str]
    #: The columns of the answer, in order.
    columns: list[str]
    #: The sources that are read.
    sources: list[str]
    doc: Optional[str]


class Plan(NamedTuple):
    """The plans of a service. ``str()`` shows both."""

    batch: str
    stream: str
    #: The stream graph as a drawing in Mermaid.
    mermaid: str

    def __str__(self) -> str:
        return f"{self.batch}\n{self.stream}"


class Answer(NamedTuple):
    """One value of :meth:`Program.get`, as ``featc get --json`` prints it, and its status."""

    value: Any
    status: str


def _asked_columns(service: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What questions to a service bring, beside their instant: column and type, in order."""
    return [(name, ty) for name, ty in (*service["keys"], *service["self_columns"], *service["request"])]


def _truth(truth: Optional[str]) -> Optional[str]:
    return None if truth is None else str(truth).replace("_", "-")


class Program:
    """A compiled program.

    ``Program("fraud.feat")`` compiles a file, ``Program("features/")`` a folder that holds one program, ``Program(text)`` a
    text with line breaks (paths in it are relative to ``base``, or else to the current folder), and
    ``Program("target/feat/fraud")`` takes what ``featc build`` wrote. Messages call a text ``name``. Objects can be used by several threads at once.

    Raises :class:`featc.CompileError` for a program that does not compile: its text is the message with the lines of the
    program, its ``.diagnostics`` are the same as data. Warnings are Python warnings (:class:`featc.FeatcWarning`).
    """

    def __init__(self, program: "Union[str, os.PathLike[str]]", *, base: "Optional[Union[str, os.PathLike[str]]]" = None, name: str = "program.feat") -> None:
        if isinstance(program, str) and "\n" in program:
            made = _featc.Program.text(program, name, os.fspath(base or "."))
            self._path: Optional[pathlib.Path] = None
        elif is_path(program):
            self._path = pathlib.Path(program)
            if _is_build(self._path):
                made = _featc.Program.build(self._path, os.fspath(base or "."))
            elif base is not None:
                raise TypeError("base: paths in a file are relative to its folder")
            else:
                made = _featc.Program.open(self._path)
        else:
            raise TypeError(f"a program is a path or a text, not {type(program).__name__}")
        #: What was warned of.
        self.warnings: list[Diagnostic] = settle(made[1], CompileError)
        self._inner: _featc.Program = made[0]
        self._about: dict[str, Any] = json.loads(self._inner.about())
        self._of_sources = {
            source["name"]: _featc.Columns([in_rows(column) for column in source["columns"]])
            for source in self._about["sources"]
        }
        self._of_services = {
            service["name"]: _featc.Columns([(name, ty, False) for name, ty in _asked_columns(service)])
            for service in self._about["services"]
        }

    @classmethod
    def from_text(cls, text: str, *, base: "Optional[Union[str, os.PathLike[str]]]" = None, name: str = "program.feat") -> "Program":
        """Compiles a ``text`` of any number of lines. Paths in it are relative to ``base``; messages call it ``name``.

        :raises featc.CompileError: it does not compile.
        """
        return cls(text if "\n" in text else text + "\n", base=base, name=name)

    @property
    def module(self) -> str:
        """The name of the module."""
        return self._about["module"]

    @property
    def hash(self) -> str:
        """The hash of the program, in hexadecimal: equal for programs of equal meaning."""
        return self._about["hash"]

    @property
    def services(self) -> dict[str, Service]:
        """The services by name, in declared order."""
        return {
            service["name"]: Service(
                service["name"],
                dict(service["keys"]),
                dict(service["self_columns"]),
                dict(service["request"]),
                service["columns"],
                service["sources"],
                service["doc"],
            )
            for service in self._about["services"]
        }

    @property
    def features(self) -> Features:
        """All features as a table: name, type, entity, keys, owner, doc, tags, window, fingerprint.

        ``program.features["spend.total"]`` is the row of one, as a dict. A fingerprint changes exactly when a value or a status of the feature may change.
        """
        columns = ("name", "type", "entity", "keys", "owner", "doc", "tags", "window", "fingerprint")
        found: dict[str, list[Any]] = {column: [] for column in columns}
        for feature in self._about["features"]:
            for column in columns:
                value = feature[column]
                found[column].append(", ".join(value) if isinstance(value, list) else value)
        return Features(of_columns(found, "features"))

    def plan(self, service: str) -> Plan:
        """The batch plan and the stream graph of a service.

        :raises featc.RunError: the program has no such service.
        """
        found = self._inner.plan(service)
        if found is None:
            raise RunError(f"unknown service `{service}`; the program declares: {', '.join(self.services)}")
        return Plan(*found)

    def fmt(self) -> "Union[str, dict[str, str]]":
        """The program in the canonical format: its text, or file → text where it has several. Nothing is written."""
        names = [name for name, _ in self._inner.files]
        texts = dict(zip(names, self._inner.formatted()))
        return next(iter(texts.values())) if len(texts) == 1 else texts

    def build(self, out: "Union[str, os.PathLike[str]]" = "target/feat") -> pathlib.Path:
        """Writes plans, typed program and manifest to ``<out>/<module>/``, as ``featc build``; gives that folder.

        :raises featc.RunError: it cannot be written.
        """
        folder, outcome = self._inner.write(pathlib.Path(out))
        settle(outcome)
        return pathlib.Path(folder)

    # ---- runs

    @told
    def train(
        self,
        service: str,
        spine: Any = None,
        *,
        served_log: Any = None,
        truth: Optional[str] = None,
        delay: Any = None,
        sources: Optional[Sources] = None,
        status: bool = False,
        numeric: bool = False,
        strict: bool = False,
        at_column: str = "timestamp",
        zone: Optional[str] = None,
        max_rejected: Any = None,
        max_missing: Any = None,
        rejected: Any = None,
        hash_inputs: bool = False,
        threads: int = 0,
        memory_limit: Any = None,
        temp_dir: Any = None,
        progress: Any = None,
    ) -> TrainingSet:
        """Computes a training set with the batch engine, as ``featc train`` does: the same values, types and messages.

        :param service: whose features are wanted.
        :param spine: the questions: a path (Parquet, Arrow, CSV, TSV, JSONL, also an address), a pandas or Polars frame, an Arrow
            table, reader or dataset, a DuckDB relation, anything with ``__arrow_c_stream__``, or a dict of columns. It has
            the keys of the service and ``at_column`` with the instant of each question (timestamps with a zone, or
            ``zone`` says it); other columns pass through, and rows keep their number and order.
        :param served_log: in place of a spine, the answers of a server: a path of a file, a folder or a pattern, or a list of
            them. The set is what was served, computed again; its truth is ``"as-served"``.
        :param truth: which events a question may see: ``"as-of-arrival"`` (unless told) or ``"complete"``.
        :param delay: pipeline delay for as-of-arrival instead of the sources' own: ``"5s"`` or a timedelta.
        :param sources: source → where it is read from instead of its files: as for ``spine``.
        :param status: whether each feature is followed by ``<feature>__status``.
        :param numeric: whether features of types that models do not take become float64: booleans 0 and 1, decimals the
            nearest float, durations seconds, dates days since 1970-01-01. Exact otherwise.
        :param strict: whether any row that cannot be used refuses the run.
        :param max_rejected: how many rows of a source may be rejected: ``"10%"`` (unless told), a share such as ``0.1``, or a whole number.
        :param max_missing: how many questions may find nothing in a view; unless told, not all of them.
        :param rejected: a file for rows that cannot be used, as JSON lines.
        :param hash_inputs: whether all input files are recorded by the hash of their bytes.
        :param threads: of the batch engine; 0 takes all cores. No result depends on it.
        :param memory_limit: bytes, or ``"2GiB"``: about how much the engine may take, beyond that it spills.
        :param temp_dir: the folder of temporary files, which have no names.
        :param progress: False for no bar, True for one also without a terminal, or a function of phase, steps done and
            steps in all. Bars need tqdm and show after a second.
        :raises featc.RunError: what the command line refuses, in its words.
        """
        given = {name: value for name, value in locals().items() if name not in ("self", "spine", "sources", "numeric", "progress")}
        outcome = self._asked("train", {**given, "out": "result.arrow"}, spine, sources, progress, inner="train")
        index = getattr(spine, "index", None) if type(spine).__module__.startswith("pandas") else None
        return TrainingSet(outcome, settle(outcome, stacklevel=4), index, numeric)

    def train_to(self, out: Any, service: str, spine: Any = None, *, sources: Optional[Sources] = None, progress: Any = None, **options: Any) -> dict[str, Any]:
        """As ``featc train --out``: writes the set with its record to a file, an address or a Delta table.

        ``service``, ``spine`` and options are those of :meth:`train` but ``numeric``, and ``out_format="delta"`` with ``mode``.
        Gives what ``--json`` prints.

        :param out: the file, by its ending Parquet, Arrow, CSV, TSV or JSONL; an address; or the folder of a Delta table.
        :raises featc.RunError: what the command line refuses; then ``out`` is as it was.
        """
        return _result(self._asked("train", {"service": service, "out": os.fspath(out), **options}, spine, sources, progress))

    def replay(self, out: Any, service: str, spine: Any, *, sources: Optional[Sources] = None, progress: Any = None, **options: Any) -> dict[str, Any]:
        """As ``featc replay``: the same rows from the streaming engine, written to ``out``.

        ``service``, ``spine`` and options are those of :meth:`train_to`, and ``chunk`` (events handed over at a time), ``shuffle``
        (a seed) and ``restart_every`` (a number of events).

        :raises featc.RunError: what the command line refuses; then ``out`` is as it was.
        """
        return _result(self._asked("replay", {"service": service, "out": os.fspath(out), **options}, spine, sources, progress))

    def verify(
        self,
        service: str,
        spine: Any = None,
        *,
        sources: Optional[Sources] = None,
        sample: int = 100,
        seed: int = 1,
        metamorphic: bool = False,
        junit: Any = None,
        report: Any = None,
        case: Any = None,
        progress: Any = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Runs both engines, and the model on a sample, and compares them bit by bit, as ``featc verify``.

        ``service``, ``spine`` and further options are those of :meth:`train` that say what is read and asked, ``chunk``, ``shuffle`` and
        ``restart_every`` of :meth:`replay`, and ``served_log`` (a path, or a list of them) in place of a spine. Gives what ``--json`` prints: ``rows``, ``features``, ``values``,
        ``model_rows``, ``edges``, ``differ`` …

        :param sample: questions that the model answers, too: rows of the spine, and others at the edges of windows.
        :param seed: which these are.
        :param metamorphic: whether the spine is answered again after changes that must not change a bit.
        :param junit: a file for a JUnit test case per check and feature; ``report`` is one for what is given back.
        :param case: the folder where a difference goes, shrunk to the fewest events and questions.
        :raises featc.RunError: E0709, if anything differs.
        """
        given = {"sample": sample, "seed": seed, "metamorphic": metamorphic, "junit": junit, "report": report, "case": case}
        return _result(self._asked("verify", {"service": service, **given, **options}, spine, sources, progress))

    def backfill(
        self,
        out: Any,
        *,
        start: Any,
        end: Any,
        service: Optional[str] = None,
        view: Optional[str] = None,
        every: Any = None,
        at_events: bool = False,
        sources: Optional[Sources] = None,
        chunk: Any = None,
        entities: Any = None,
        max_parts: Optional[int] = None,
        verify: int = 0,
        progress: Any = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Values of a service or a view over a range of time, in parts that survive a crash, as ``featc backfill``.

        Run again after a crash or Ctrl-C, it goes on; rows in memory, of sources and of entities, must then be those of the
        first run, which is seen by a hash of their values. Further options are those of :meth:`train` but ``zone`` and
        ``numeric``. Gives what ``--json`` prints: ``rows``, ``parts``, ``made``; with ``verify`` also ``verified``, a dict of
        ``rows`` that the model answered, ``compared`` values, and how many ``differ``.

        :param out: the folder of the parts.
        :param start: ``--from``, the first instant: a datetime with a zone, or a text; ``end`` is ``--to``, not included.
        :param service: whose features are wanted, or those of which ``view``.
        :param every: asks about every entity at every multiple of this; ``at_events=True`` asks at every event instead.
        :param chunk: the time that a part spans.
        :param entities: a path, or rows with the key columns: only these are asked about.
        :param max_parts: more than 10000 parts are refused, or more than this.
        :param verify: so many rows are answered again by the model in the end; ``seed`` says which.
        :raises featc.RunError: what the command line refuses; parts that are done stay.
        """
        given = {"from": instant_text(start), "to": instant_text(end), "out": os.fspath(out), "service": service, "view": view}
        given |= {"every": every, "at_events": at_events, "chunk": chunk, "max_parts": max_parts, "verify": verify or None}
        rows = None
        if is_path(entities):
            given["entities"] = os.fspath(entities)
        elif entities is not None:
            rows = table(entities, "entities", self._asked_with(service).names)
        outcome = self._asked("backfill", {**given, **options}, None, sources, progress, rows)
        made, *verified = _results(outcome)
        return {**made, "verified": verified[0]} if verified else made

    def get(self, service: str, keys: Mapping[str, Any], at: Any, *, sources: Optional[Sources] = None, **options: Any) -> dict[str, Answer]:
        """Answers one entity at one instant from online state, as ``featc get``: feature → value and status.

        Values are as ``featc get --json`` prints them: decimals and instants are texts, which :meth:`Online.read` gives as
        Python's own. Options are those of :meth:`train` that say what is read and seen, such as ``truth`` and ``delay``.

        :param service: whose features are wanted.
        :param keys: key → value of its type, or the text that stands for it; of ``excluding self`` the identity, too, and the fields of a request.
        :param at: the instant: a datetime with a zone, or a text.
        :raises featc.RunError: what the command line refuses; a key of another type is a ``TypeError``.
        """
        if not isinstance(keys, Mapping):
            raise TypeError(f"keys: a dict of key → value is wanted, and not {type(keys).__name__}")
        known = [known for known in self._about["services"] if known["name"] == service]
        types = {name: ty for known in known for name, ty in _asked_columns(known)}
        named = [f"--key={name}={_key_text(value, name, types.get(name))}" for name, value in keys.items() if value is not None]
        result = _result(self._asked("get", {"service": service, "at": instant_text(at), **options}, None, sources, False, more=named))
        return {feature["name"]: Answer(feature["value"], feature["status"]) for feature in result["features"]}

    def online(self, truth: Optional[str] = None, *, delay: Any = None) -> Online:
        """A stream engine without events, for all services, in one truth: ``"as-of-arrival"`` (unless told) or ``"complete"``.

        :param delay: pipeline delay for as-of-arrival instead of the sources' own: ``"5s"`` or a timedelta.
        :raises ValueError: another truth.
        :raises featc.RunError: a source that has no arrival, in as-of-arrival.
        """
        told = _truth(truth) or "as-of-arrival"
        if told not in ("complete", "as-of-arrival"):
            raise ValueError(f"truth: `{truth}` is none: write `complete` or `as-of-arrival`")
        delay_us = None if delay is None else _featc.parse_instant(duration_text(delay), True)
        return Online(self, self._inner.online(told == "complete", delay_us), told)

    def serve(self, state: Any, *, listen: str = "127.0.0.1:7733", **options: Any) -> Optional[dict[str, Any]]:
        """As ``featc serve``: answers over HTTP from durable state, until Ctrl-C. It prints where it listens.

        Ctrl-C ends it in order, with a checkpoint, and then it returns; what another signal handler raises does the same,
        and is raised. What changes meanwhile is told on the standard error of the process, a line of JSON each. Further
        options are ``delay``, ``history``, ``token_file``, ``no_served_log``, ``no_pushed_log``, ``allow_removed``,
        ``max_entities``, ``max_body``, ``max_memory``, ``max_rows``, ``max_requests``, ``max_seconds`` and
        ``checkpoint_every``.

        :param state: the folder of the durable state; made where it is missing.
        :param listen: address and port; to listen to more than this machine needs ``token_file``.
        :param dry_run: True serves nothing and changes nothing: it gives what would become of the state that is there.
        :raises featc.RunError: what the command line refuses, in its words.
        """
        words = ["serve", "program", *_words({"state": state, "listen": listen, **options})]
        if options.get("dry_run"):
            return _result(self._inner.run(words, {}))
        server = Server(self._inner.serve(words))
        print(server.told, flush=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            server.wait()
        return None

    def serving(self, state: Any = None, *, listen: str = "127.0.0.1:0", **options: Any) -> Server:
        """As :meth:`serve`, and the program goes on: for tests and notebooks. Gives a :class:`Server` to ``with``.

        :param state: the folder of the durable state; without one it has a temporary folder, which goes with it.
        :param listen: address and port; any that is free, unless told.
        :raises featc.RunError: what the command line refuses, in its words.
        """
        folder = None
        if state is None:
            folder = tempfile.TemporaryDirectory(prefix="featc-state-")
            state = os.path.join(folder.name, "state")
        words = ["serve", "program", *_words({"state": state, "listen": listen, **options})]
        return Server(self._inner.serve(words), options.get("token_file"), folder)

    # ---- how

    def _sources(self) -> list[str]:
        return [source["name"] for source in self._about["sources"]]

    def _columns(self, source: str) -> _featc.Columns:
        """The columns that a source declares; none of one that is not there."""
        return self._of_sources.get(source) or _featc.Columns([])

    def _asked_with(self, service: Any) -> _featc.Columns:
        """The columns that questions to a service bring, beside their instant; none of one that is not there."""
        known = self._of_services.get(service) if isinstance(service, str) else None
        return known or _featc.Columns([])

    def _asked(
        self,
        command: str,
        options: Mapping[str, Any],
        spine: Any,
        sources: Optional[Sources],
        progress: Any,
        entities: "Optional[_featc.Table]" = None,
        *,
        more: Iterable[str] = (),
        inner: str = "run",
    ) -> Any:
        """Runs a command of the command line, with rows in place of files."""
        for name in ("service", "view"):
            if options.get(name) is not None:
                a_name(options[name], name, next(iter(self.services), "risk"))
        log = options.get("served_log")
        if log is not None and not (is_path(log) or isinstance(log, (list, tuple)) and log and all(map(is_path, log))):
            raise TypeError(
                f"served_log: the path of a file, a folder or a pattern is wanted, such as 'state/served/risk', or a list of them, and not {type(log).__name__}; "
                "rows of a served log are written to a Parquet file first"
            )
        for name, value in options.items():
            if name in self._sources() and not (value is None or is_path(value) or is_value(value)):
                raise TypeError(f"{command}: no argument `{name}`; {rows_of(name)}")
        if sources is not None and not isinstance(sources, Mapping):
            raise TypeError(f"sources: a dict of source → rows is wanted, such as {{{next(iter(self._sources()), 'events')!r}: frame}}, and not {type(sources).__name__}")
        words = [command, "program", *more, *_words(options)]
        limit, temp = options.get("memory_limit"), options.get("temp_dir")
        rows = {}
        for name, given in (sources or {}).items():
            if is_path(given):
                words.append(f"--source={name}={os.fspath(given)}")
            else:
                spool = functools.partial(self._inner.spool, name, limit and str(limit), temp and os.fspath(temp))
                rows[name] = source(given, f"source `{name}`", spool, self._columns(name).names)
        questions = None
        if spine is not None:
            if is_path(spine):
                words.append(f"--spine={os.fspath(spine)}")
            else:
                words.append("--spine=<spine>")
                service, at_column = options.get("service") or "", options.get("at_column", "timestamp")
                spool = functools.partial(self._inner.spool_of_spine, service, at_column)
                questions = source(spine, "the spine", spool, [*self._asked_with(service).names, at_column])
        # Behind `train` is one call more.
        stacklevel = 4 if inner == "train" else 3
        instants = {source["name"]: [column["name"] for column in source["columns"] if column["type"] == "timestamp"] for source in self._about["sources"]}
        for name, held in rows.items():
            for column in instants.get(name, ()):
                if isinstance(held, _featc.Table) and held.is_of_january_1970(column):
                    warn_of_numbers(f"source `{name}`", column, stacklevel)
        if questions is not None and questions.is_of_january_1970(options.get("at_column", "timestamp")):
            warn_of_numbers("the spine", options.get("at_column", "timestamp"), stacklevel)
        with Bar(progress) as bar:
            last = {} if entities is None else {"entities": entities}
            return getattr(self._inner, inner)(words, rows, questions, progress=bar.sink, **last)

    def __repr__(self) -> str:
        return f"<featc.Program {self.module}: {len(self._about['features'])} features, services {', '.join(self.services) or 'none'}>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.program(self)


def _is_build(path: pathlib.Path) -> bool:
    try:
        return (path / "manifest.json").is_file()
    except (OSError, ValueError):
        # Too long, or with a NUL: what is no path is told when it is opened.
        return False


def _words(options: Mapping[str, Any]) -> list[str]:
    """Options as words of the command line."""
    words = []
    for name, value in options.items():
        if value is None or value is False or (name == "threads" and value == 0):
            continue
        option = "--" + name.replace("_", "-")
        if value is True:
            words.append(option)
            continue
        if isinstance(value, (list, tuple)):
            words += [f"{option}={os.fspath(one) if isinstance(one, os.PathLike) else one}" for one in value]
            continue
        if name == "truth":
            value = _truth(value)
        elif name in ("delay", "every", "chunk", "history"):
            value = duration_text(value)
        elif name in ("max_rejected", "max_missing") and isinstance(value, float):
            value = f"{value * 100:.4f}".rstrip("0").rstrip(".") + "%"
        elif isinstance(value, os.PathLike):
            value = os.fspath(value)
        words.append(f"{option}={value}")
    return words


#: What may stand for a key of a type, beside a text.
KEYS: "dict[str, tuple[type, ...]]" = {
    "bool": (bool,),
    "int64": (int,),
    "float64": (float, int),
    "string": (),
    "decimal": (decimal.Decimal, int),
    "timestamp": (datetime.datetime,),
    "date": (datetime.date,),
    "duration": (datetime.timedelta,),
}


def _key_text(value: Any, name: str = "key", ty: Optional[str] = None) -> str:
    """A key as text; ``ty`` is its type, if it is known."""
    if not is_column(value):
        value = _item(value)
    kinds = KEYS.get(ty.split("(")[0] if ty else "")
    fits = kinds is None or isinstance(value, (str, *kinds))
    if not fits or (isinstance(value, bool) and bool not in (kinds or (bool,))) or (ty == "date" and isinstance(value, datetime.datetime)):
        raise TypeError(f"keys: `{name}` is {ty}, and not {type(value).__name__}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.timedelta):
        return duration_text(value)
    return instant_text(value)


def _result(outcome: Any) -> dict[str, Any]:
    """What a command printed as JSON, all of it in one."""
    found: dict[str, Any] = {}
    for result in _results(outcome, stacklevel=5):
        found.update(result)
    return found


def _results(outcome: Any, stacklevel: int = 4) -> list[dict[str, Any]]:
    """What a command printed as JSON."""
    try:
        settle(outcome, stacklevel=stacklevel)
    except RunError as error:
        # What was found before it was refused: differences, for one.
        for text, value in outcome.results:
            if sys.version_info >= (3, 11):
                error.add_note(text)
            error.result = json.loads(value)
        raise
    return [json.loads(value) for _, value in outcome.results]


def _run(words: Iterable[str]) -> Any:
    outcome = _featc.run(list(words))
    if outcome.refused:
        raise refusal(outcome.messages)
    return outcome


def explain(code: str) -> str:
    """The page of a message ``code`` (``"E0203"``), or of a word of the glossary.

    :raises featc.RunError: there is no such code and no such word.
    """
    if not isinstance(code, str):
        raise TypeError(f"code: a text such as 'E0203' is wanted, and not {type(code).__name__}")
    return "\n".join(text for text, _ in _run(["explain", code]).results)


def reproduce(record: Any, *, program: Any = None, out: Any = None, progress: Any = None, **options: Any) -> dict[str, Any]:
    """As ``featc train --from-provenance``: makes the training set again that a record tells of, byte for byte.

    :param record: the record of a file that :meth:`Program.train_to` or ``featc train`` wrote, or a file that has one.
    :param program: the path of the program, and ``out`` that of the training set, if not where they were.
    :raises featc.RunError: inputs, program or release are other ones; a set of rows in memory has no files to read again.
    """
    if isinstance(record, Table):
        raise TypeError("record: a file is wanted, such as 'train.parquet' or its 'train.parquet.provenance.json'; a set in memory has none")
    words = ["train", *([] if program is None else [os.fspath(program)]), *_words({"from_provenance": record, "out": out, **options})]
    with Bar(progress) as bar:
        return _result(_featc.run(words, progress=bar.sink))


def state(question: str, folder: Any, *, program: Any = None, keys: "Optional[Mapping[str, Any]]" = None, at: Any = None, **options: Any) -> dict[str, Any]:
    """As ``featc state``: what a folder of durable state holds that no server has at the time.

    The ``question`` is a text: ``state("list", folder, program=…)`` counts what is kept, ``state("show", folder, program=…, service=…, keys=…, at=…)``
    gives the events of an entity and its values, ``state("verify", folder)`` checks every file,
    ``state("export", folder, out=…)`` writes the rows that were pushed as Parquet, and ``state("compact", folder)`` makes fewer
    files of it, and changes nothing else. Gives what ``--json`` prints.

    :param program: a :class:`Program` or a path; of ``list`` and ``show``.
    :param at: the instant of the values: a datetime with a zone, or a text.
    :raises featc.RunError: what the command line refuses, in its words; of ``verify`` damaged files.
    """
    given = {"state": folder, "at": None if at is None else instant_text(at), **options}
    named = [f"--key={name}={_key_text(value, name)}" for name, value in (keys or {}).items() if value is not None]
    words = ["state", question, *([] if program is None else ["program" if isinstance(program, Program) else os.fspath(program)]), *named, *_words(given)]
    return _result(program._inner.run(words, {}) if isinstance(program, Program) else _featc.run(words))


def demo(keep: Any = None) -> None:
    """As ``featc demo``: the whole tour on real flights, printed as it goes: build, train, get, verify, serve.

    :param keep: a folder for the files of the tour, which are temporary without it.
    :raises featc.RunError: it did not come to its end; what it said is printed.
    """
    words = [sys.executable, "-m", "featc", "demo", *_words({"keep": keep})]
    with tempfile.TemporaryDirectory(prefix="featc-demo-") as folder:
        # It starts a server, and whoever ends the one has to end the other.
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env={**os.environ, "TMPDIR": folder}, start_new_session=True)
        with process:
            try:
                for line in process.stdout or ():
                    print(line, end="", flush=True)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                raise
    if process.returncode != 0:
        raise RunError(f"`featc demo` ended with the exit code {process.returncode}")


def notices() -> str:
    """The licences of the crates that the engine contains."""
    return "\n".join(text for text, _ in _run(["notices"]).results)


def fmt(*programs: "Union[str, os.PathLike[str]]", check: bool = False) -> list[str]:
    """Rewrites programs in the canonical format, as ``featc fmt``; gives the files that were not in it.

    :param programs: files, or folders.
    :param check: whether nothing is written.
    :raises featc.CompileError: a text that cannot be read as a program; it stays as it is.
    """
    words = ["fmt", *(["--check"] if check else []), "--", *(os.fspath(program) for program in programs)]
    outcome = _featc.run(words)
    told = diagnostics(outcome.messages)
    if any(diagnostic.severity == "error" for diagnostic in told):
        raise CompileError(told)
    return [next(iter(json.loads(value).values())) for _, value in outcome.results]
