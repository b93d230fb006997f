"""Features of a running ``featc serve``, over HTTP."""

from __future__ import annotations

import datetime
import decimal
import http.client
import json
import math
import threading
import urllib.parse
from typing import Any, Optional

from . import _featc
from ._errors import Bug, Diagnostic, RunError
from ._inputs import MICROSECOND, instant_text, table, to_columns
from ._table import Table

ARROW = "application/vnd.apache.arrow.stream"
#: About how many bytes of rows, and how many rows at most, go into one request.
PART_BYTES, PART_ROWS = 4 << 20, 50_000
#: What of a push's reply is added up over its parts.
_NUMBERS = ("rows", "accepted", "late_for_cut", "expired")
#: How many rejected rows a reply shows.
_EXAMPLES = 10


class Answers(Table):
    """What a server answered: one row per entity, one column per feature.

    ``at`` is the instant (as text), ``cuts`` per source the arrival up to which it was seen, ``program`` the hash of the
    program, ``request_id`` what was asked with, or None.
    """

    def __init__(self, table: _featc.Table, about: dict[str, str]) -> None:
        super().__init__(table)
        self.service: str = about["featc.service"]
        self.program: str = about["featc.program"]
        self.at: str = about["featc.at"]
        self.cuts: dict[str, str] = json.loads(about["featc.cuts"])
        self.request_id: Optional[str] = about.get("featc.request_id")


class Client:
    """A server that ``featc serve`` started.

    ::

        with featc.Client("http://127.0.0.1:7733") as client:
            client.push("payments", rows)
            client.answer("risk", {"card": ["a", "b"]}).to_pandas()

    Rows and answers travel as Arrow, so every value comes as it is. Any number of threads may use one client; each has a
    connection of its own. What the server refuses is a :class:`featc.RunError` with its code; a server that is not there
    an :class:`OSError`.

    :param url: where it listens: ``http://`` or ``https://``, a host, and a port.
    :param token: what the server was started with by ``--token-file``, if so.
    :param timeout: seconds in which something of an answer has to come.
    """

    def __init__(self, url: str, *, token: Optional[str] = None, timeout: float = 60.0) -> None:
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"url: {url!r} is no address of a server; write it like http://127.0.0.1:7733")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._timeout = parts.hostname, parts.port, timeout
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            connection.close()

    def services(self) -> dict[str, Any]:
        """The services of the program with their keys and features, and its sources with their columns, with types."""
        return json.loads(self._request("GET", "/v1/services")[0])

    def is_ready(self) -> bool:
        """Whether the server takes requests. A server that is not there is an :class:`OSError` here, too."""
        return self._exchange("GET", "/ready", None, {})[0] == 200

    def push(self, source: str, rows: Any, *, request_id: Optional[str] = None) -> dict[str, Any]:
        """Pushes rows of a source: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict.

        When it returns, the rows are on the server's disk, and can be asked for. Many rows go in several requests. To push
        rows again changes nothing: after an error push all of them again.

        Gives ``source``, ``request_id``, ``rows``, ``accepted``, ``rejected`` (how many by reason), ``rejected_by_view``,
        ``arrival`` (that the server gave rows without one; of several requests that of the first), ``late_for_cut``,
        ``expired``, and ``examples``: the first rejected rows with ``place`` (from 1), ``reason`` and ``detail``. Rows that cannot be
        used are no error.

        :param request_id: a text of at most 200 visible characters, which stands beside rows that are put aside.
        :raises featc.RunError: an unknown source, columns that are missing or of types that do not decode.
        """
        given = table(rows, f"rows of `{source}`")
        per_row = max(1, given.num_bytes // max(1, given.num_rows))
        part_rows = max(1, min(PART_ROWS, PART_BYTES // per_row))
        done: Optional[dict[str, Any]] = None
        for start in range(0, max(1, given.num_rows), part_rows):
            headers = {"Content-Type": ARROW, **_id(request_id)}
            path = f"/v1/push/{urllib.parse.quote(source, safe='')}"
            reply = json.loads(self._request("POST", path, given.to_ipc(start, part_rows), headers)[0])
            for example in reply["examples"]:
                example["place"] += start
            done = reply if done is None else _sum(done, reply)
        if done is None:
            raise Bug("a push without a part")
        return done

    def answer(
        self, service: str, entities: Any, at: Any = None, *, status: bool = False, request_id: Optional[str] = None
    ) -> Answers:
        """Asks a service about every row of ``entities``, in order.

        :param entities: the keys, by name: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict of one
            entity.
        :param at: the instant that is asked about; unless told, the server's own.
        :param status: whether each feature is followed by ``<feature>__status``.
        :param request_id: a text of at most 200 visible characters, which stands in the served log.
        :returns: one row per entity, one column per feature.
        :raises featc.RunError: an unknown service, missing keys, more entities than the server allows at once.
        """
        columns = to_columns(table(entities, "entities"))
        if not columns:
            raise TypeError("entities: no columns; give the keys of the service, for example {\"card\": \"a\"}")
        texts = [[_json(value) for value in values] for values in columns.values()]
        asked: dict[str, Any] = {
            "service": service,
            "entities": [dict(zip(columns, row)) for row in zip(*texts)],
        }
        if at is not None:
            asked["at"] = instant_text(at)
        body = json.dumps(asked, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "Accept": ARROW, **_id(request_id)}
        answered, about = _featc.Table.from_ipc(self._request("POST", "/v1/answer", body, headers)[0])
        if not status:
            answered = answered.select(list(range(0, len(answered.column_names), 2)))
        return Answers(answered, about)

    def _request(
        self, method: str, path: str, body: Optional[bytes] = None, headers: Optional[dict[str, str]] = None
    ) -> tuple[bytes, str]:
        status, media, answer = self._exchange(method, path, body, headers or {})
        if status == 200:
            return answer, media
        raise _refusal(status, answer)

    def _exchange(
        self, method: str, path: str, body: Optional[bytes], headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        """Status, form and body of a response. All requests may be sent twice."""
        known: Optional[http.client.HTTPConnection] = getattr(self._local, "connection", None)
        if known is not None and known.sock is not None:
            try:
                return self._once(known, method, path, body, headers)
            except (http.client.BadStatusLine, ConnectionError):
                # A server closes connections that it has not heard of for long.
                known.close()
        if known is None:
            known = self._kind(self._host, self._port, timeout=self._timeout)
            self._local.connection = known
        with self._lock:
            if known not in self._open:
                self._open.append(known)
        return self._once(known, method, path, body, headers)

    def _once(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Optional[bytes],
        headers: dict[str, str],
    ) -> tuple[int, str, bytes]:
        try:
            connection.request(method, path, body, {**self._headers, **headers})
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", ""), response.read()
        except BaseException:
            # What of the answer is still to come is not that of the next request.
            connection.close()
            raise


def _id(request_id: Optional[str]) -> dict[str, str]:
    return {} if request_id is None else {"X-Request-Id": request_id}


def _sum(done: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two replies as one."""
    for name in _NUMBERS:
        done[name] += more[name]
    counts = [(done["rejected"], more["rejected"])]
    counts += [(done["rejected_by_view"].setdefault(view, {}), one) for view, one in more["rejected_by_view"].items()]
    for into, of in counts:
        for reason, count in of.items():
            into[reason] = into.get(reason, 0) + count
    done["examples"] = (done["examples"] + more["examples"])[:_EXAMPLES]
    return done


def _json(value: Any) -> Any:
    """A value of a key as the server reads it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        us = value // MICROSECOND
        sign = "-" if us < 0 else ""
        return f"{sign}PT{abs(us) // 1_000_000}.{abs(us) % 1_000_000:06}S"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"entities: a key is {type(value).__name__}; keys are texts, numbers, booleans, instants, days or durations")


def _refusal(status: int, answer: bytes) -> RunError:
    """What a server refuses, in its words."""
    try:
        said = json.loads(answer)["error"]
        code, message, help = str(said["code"]), str(said["message"]), str(said["help"])
    except (ValueError, KeyError, TypeError):
        code, message = "", f"the server answers with the status {status}, as no `featc serve` does"
        help = "look at what listens there"
    data = json.dumps({"message": message, "help": {"text": help}})
    head = f"error[{code}]" if code else "error"
    diagnostic = Diagnostic(code, True, f"{head}: {message}\n = help: {help}", data)
    return RunError([diagnostic])
