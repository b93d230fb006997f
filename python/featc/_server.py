"""A server in this process."""

from __future__ import annotations

import json
import pathlib
import tempfile
from typing import Any, Optional

from . import _featc
from ._client import Client
from ._errors import bug, settle


class Server:
    """A server that :meth:`Program.serving` started: it answers over HTTP until it is closed.

    ::

        with program.serving() as server:
            client = server.client()
            client.push("payments", rows)
            client.answer("risk", {"card": ["a", "b"]})

    It runs on threads of its own, without the interpreter's lock. ``close``, or the end of the ``with``, answers what is
    open and makes a checkpoint; a process that ends without it loses nothing that was acknowledged, as after ``kill -9``.
    """

    def __init__(self, inner: _featc.Server, token_file: Any = None, folder: "Optional[tempfile.TemporaryDirectory[str]]" = None) -> None:
        self._inner, self._token_file, self._folder = inner, token_file, folder
        told = inner.serving()
        if told is None:
            self._end()
            raise bug("a server ended, and says nothing")
        #: What ``featc serve`` prints when it begins.
        self.told: str = told[0]
        about: dict[str, Any] = json.loads(told[1])
        #: Where it listens, such as ``http://127.0.0.1:40123``.
        self.url: str = about["url"]
        #: The folder of its state.
        self.state: str = about["state"]
        #: The checkpoint that it began with, and how many rows of log came after it.
        self.checkpoint: int = about["checkpoint"]
        self.replayed: int = about["replayed"]

    def client(self, *, ca: Any = None, cert: Any = None, timeout: float = 60.0) -> Client:
        """A client of it, with its token; ``ca``, ``cert`` and ``timeout`` as those of :class:`featc.Client`.

        :raises OSError: the file of the token cannot be read any more.
        """
        token = None if self._token_file is None else pathlib.Path(self._token_file).read_text().strip()
        return Client(self.url, token=token, ca=ca, cert=cert, timeout=timeout)

    def wait(self) -> None:
        """Waits until it has ended. Ctrl-C, or what a signal handler raises, ends it in order and is raised then.

        :raises featc.RunError: it did not end in order.
        """
        self._end()

    def close(self) -> None:
        """Ends it: what is open is answered, and a checkpoint is made. A server that has ended stays so.

        :raises featc.RunError: the checkpoint could not be made; the log holds everything.
        """
        self._inner.stop()
        self._end()

    def _end(self) -> None:
        outcome = self._inner.wait()
        if self._folder is not None:
            self._folder.cleanup()
        # The first who asks is told.
        if outcome is not None:
            settle(outcome)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<featc.Server {self.url}>"

