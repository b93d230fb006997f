"""featc: machine-learning features, written once, computed in batch and online with the same bits.

::

    import featc

    program = featc.Program("fraud.feat")                      # a file, a folder, a text, or a build
    train = program.train("risk", spine, sources={"txn": txn})  # paths, pandas, Polars, Arrow, DuckDB
    train.to_pandas()                                          # or to_polars(), to_arrow(), to_pydict()
    train.report                                               # what became of every row; provenance

    online = program.online()
    online.push("txn", rows)
    online.advance("2024-05-01T12:00:00Z")
    online.read("risk", {"card": ["a", "b"]})

=====================  ================================================================================
to                     call
=====================  ================================================================================
compile a program      :class:`Program`; :class:`CompileError` says what is wrong with it, also as data
look at it             :attr:`Program.services`, :attr:`Program.features`, :meth:`Program.plan`
build a training set   :meth:`Program.train`, :meth:`Program.train_to`
make a set again       :func:`reproduce`, from its record
fill a range of time   :meth:`Program.backfill`
compare the engines    :meth:`Program.verify`; :func:`featc.testing.case` in tests
run a program's tests  ``pytest fraud.feat``, or ``featc test fraud.feat``
answer one question    :meth:`Program.get`
keep online values     :meth:`Program.online`, :class:`Online`
serve over HTTP        :meth:`Program.serve`; :meth:`Program.serving` beside other work
ask a running server   :class:`Client`
look into its state    :func:`state`
see the whole tour     :func:`demo`
work in a notebook     ``%load_ext featc.notebook``, then ``%%feat``
understand a message   :func:`explain`
=====================  ================================================================================

Instants are ``datetime`` objects with a zone, or texts such as ``2024-05-01T12:00:00Z``; durations are ``timedelta`` or
texts such as ``1h30m``. Everything that is refused is a :class:`RunError` in the words of the command line; what is
allowed and probably not meant is a :class:`FeatcWarning`. Work runs without the interpreter's lock, on all cores;
Ctrl-C ends it and leaves nothing behind. The command line itself is ``python -m featc``, and ``featc`` where pip installs it.
"""

from __future__ import annotations

from ._client import Answers, Client
from ._errors import Bug, CompileError, Diagnostic, Edit, Error, FeatcWarning, Place, RunError
from ._featc import __version__
from ._online import Online
from ._program import Answer, Plan, Program, Service, demo, explain, fmt, notices, reproduce, state
from ._server import Server
from ._table import Table, TrainingSet

__all__ = [
    "Answer",
    "Answers",
    "Bug",
    "Client",
    "CompileError",
    "Diagnostic",
    "Edit",
    "Error",
    "FeatcWarning",
    "Online",
    "Place",
    "Plan",
    "Program",
    "RunError",
    "Server",
    "Service",
    "Table",
    "TrainingSet",
    "__version__",
    "demo",
    "explain",
    "fmt",
    "notices",
    "reproduce",
    "state",
]
