"""Features of a running ``featc serve``, over HTTP."""

from __future__ import annotations

import datetime
import decimal
import http.client
import json
import math
import os
import socket
import ssl
import threading
import urllib.parse
from typing import Any, NamedTuple, Optional, Union

from . import _featc
from ._arguments import a_name, told
from ._errors import Bug, Diagnostic, RunError
from ._inputs import MICROSECOND, fitted, in_rows, instant_text, to_columns
from ._table import Table

_Path = Union[str, "os.PathLike[str]"]

ARROW = "application/vnd.apache.arrow.stream"
#: About how many bytes of rows, and how many rows at most, go into one request.
PART_BYTES, PART_ROWS = 4 << 20, 50_000
#: What of a push's reply is added up over its parts.
_NUMBERS = ("rows", "accepted", "late_for_cut", "expired")
#: How many rejected rows a reply shows.
_EXAMPLES = 10


class _Declared(NamedTuple):
    """What a server declares, by name."""

    sources: dict[str, _featc.Columns]
    services: dict[str, _featc.Columns]


class Answers(Table):
    """What a server answered: one row per entity, one column per feature.

    ``at`` is the instant (as text), ``cuts`` per source the arrival up to which it was seen, ``program`` the hash of the
    program, ``request_id`` what was asked with, or None. ``gated`` has an entry for each entity that was given no answer,
    whose row is null: by its place, from 0, the gated features without an answer of their own, each with its status.
    """

    def __init__(self, table: _featc.Table, about: dict[str, str]) -> None:
        super().__init__(table)
        self.service: str = about["featc.service"]
        self.program: str = about["featc.program"]
        self.at: str = about["featc.at"]
        self.cuts: dict[str, str] = json.loads(about["featc.cuts"])
        self.request_id: Optional[str] = about.get("featc.request_id")
        self.gated: dict[int, dict[str, str]] = {
            one["row"]: one["features"] for one in json.loads(about.get("featc.gated", "[]"))
        }


class Client:
    """A server that ``featc serve`` started.

    ::

        with featc.Client("http://127.0.0.1:7733") as client:
            client.push("payments", rows)
            client.answer("risk", {"card": ["a", "b"]}).to_pandas()

    Rows and answers travel as Arrow, so every value comes as it is; rows and keys are fitted to the types that the server
    declares, as those of :class:`featc.Online` are. Any number of threads may use one client; each has a connection of its
    own. What the server refuses is a :class:`featc.RunError` with its code; a server that is not there an :class:`OSError`.

    :param url: where it listens: ``http://`` (which may be left out) or ``https://``, a host, and a port.
    :param token: what the server was started with by ``--token-file``, if so.
    :param ca: of ``https://``, a file with the authorities in PEM that the server's certificate has to come from; unless told,
        those of the system.
    :param cert: of ``https://``, the certificate that is shown to a server with ``--tls-client-ca``: a file in PEM with the
        certificate and its key, or a pair of files, certificate and key.
    :param timeout: seconds in which something of an answer has to come.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Optional[str] = None,
        ca: Optional[_Path] = None,
        cert: Union[_Path, tuple[_Path, _Path], None] = None,
        timeout: float = 60.0,
    ) -> None:
        scheme, self._host, self._port = _address(url)
        if scheme != "https" and (ca is not None or cert is not None):
            raise ValueError(f"ca, cert: {url!r} is not encrypted; write it like https://127.0.0.1:7733")
        self._tls = _tls(ca, cert) if scheme == "https" else None
        self._url, self._timeout = url, timeout
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        #: Asked for once, and again after a refusal: the server may have another program by then.
        self._known: Optional[_Declared] = None

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
        answer = self._request("GET", "/v1/services")[0]
        try:
            return dict(json.loads(answer))
        except (TypeError, ValueError) as error:
            raise _refusal(200, answer) from error

    def is_ready(self) -> bool:
        """Whether the server takes requests. A server that is not there is an :class:`OSError` here, too."""
        return self._exchange("GET", "/ready", None, {})[0] == 200

    @told
    def push(self, source: str, rows: Any, *, request_id: Optional[str] = None) -> dict[str, Any]:
        """Pushes rows of a source: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict.

        Columns are fitted as by :meth:`featc.Online.push`; those that may be null, and the arrival, may be left out. When it
        returns, the rows are on the server's disk, and can be asked for. Many rows go in several requests, of about 4 MiB
        and at most 50000 rows, and of fewer where the server takes no more. To push rows again changes nothing: after an
        error push all of them again.

        Gives ``source``, ``request_id``, ``rows``, ``accepted``, ``rejected`` (how many by reason), ``rejected_by_view``,
        ``arrival`` (that the server gave rows without one; each request has its own, and this is the last of them, at which
        all rows have arrived), ``late_for_cut``, ``expired``, ``examples``: the first rejected rows with ``place`` (from 1),
        ``reason`` and ``detail``; and ``undeclared``: columns that the source does not declare, which are ignored. Rows
        that cannot be used are no error.

        :param request_id: a text of at most 200 visible characters, which stands beside rows that are put aside.
        :raises featc.RunError: an unknown source, columns that are missing or of types that do not decode, a server that has
            no room. Of several requests earlier ones may have been taken in.
        """
        a_name(source, "source", "payments")
        columns = self._declared("sources", source)
        given = fitted(rows, f"rows of `{source}`", columns)
        path = f"/v1/push/{urllib.parse.quote(source, safe='')}"
        headers = {"Content-Type": ARROW, **_id(request_id)}
        done: Optional[dict[str, Any]] = None
        bytes_max, rows_max = PART_BYTES, PART_ROWS
        for start in range(0, max(1, given.num_rows), PART_ROWS):
            piece, sent = given.cut(start, PART_ROWS), 0
            while sent < piece.num_rows or done is None:
                fit = piece.rows_within(sent, bytes_max)
                count = min(fit, rows_max)
                try:
                    reply = json.loads(self._request("POST", path, piece.to_ipc(sent, count), headers)[0])
                except RunError as refused:
                    if refused.code != "E0803" or count == 1:
                        raise
                    # The server takes fewer rows at once, or fewer bytes.
                    if fit < min(rows_max, piece.num_rows - sent):
                        bytes_max //= 2
                    else:
                        rows_max = count // 2
                    continue
                for example in reply["examples"]:
                    example["place"] += start + sent
                done = reply if done is None else _sum(done, reply)
                sent += count
        if done is None:
            raise Bug("a push without a part")
        return {**done, "undeclared": columns.undeclared(given.column_names)}

    @told
    def answer(
        self,
        service: str,
        entities: Any,
        at: Any = None,
        *,
        status: bool = False,
        request_id: Optional[str] = None,
        allow_gated: bool = False,
    ) -> Answers:
        """Asks a service about every row of ``entities``, in order.

        :param entities: the keys, by name: a frame, an Arrow table, a dict of columns, a list of dicts, or one dict of one
            entity.
        :param at: the instant that is asked about; unless told, the server's own.
        :param status: whether each feature is followed by ``<feature>__status``.
        :param request_id: a text of at most 200 visible characters, which stands in the served log.
        :param allow_gated: whether entities may be without an answer because a feature with ``fallback gate`` has none: their
            rows are null, and ``gated`` says why. Otherwise one such entity is an error, E0817.
        :returns: one row per entity, one column per feature.
        :raises featc.RunError: an unknown service, missing keys, columns that are no keys of the service, more entities than
            the server allows at once; an entity that is gated.
        """
        a_name(service, "service", "risk")
        columns = to_columns(fitted(entities, "entities", self._declared("services", service)))
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
        answer, media = self._request("POST", "/v1/answer", body, headers)
        if media != ARROW:
            raise _refusal(200, answer)
        answered, about = _featc.Table.from_ipc(answer)
        if not status:
            answered = answered.select(list(range(0, len(answered.column_names), 2)))
        answers = Answers(answered, about)
        if answers.gated and not allow_gated:
            raise _gated(answers)
        return answers

    def _request(
        self, method: str, path: str, body: Optional[bytes] = None, headers: Optional[dict[str, str]] = None
    ) -> tuple[bytes, str]:
        status, media, answer = self._exchange(method, path, body, headers or {})
        if status == 200:
            return answer, media
        self._known = None
        raise _refusal(status, answer)

    def _declared(self, what: str, name: str) -> _featc.Columns:
        """The columns of a source, or the keys of a service; none of one that the server does not have."""
        known = self._known
        if known is None or name not in getattr(known, what):
            known = self._known = _declarations(self.services())
        return getattr(known, what).get(name) or _featc.Columns([])

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
            if self._tls is None:
                known = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            else:
                known = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
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
        if connection.sock is None:
            self._connect(connection)
        try:
            is_sent = True
            try:
                connection.request(method, path, body, {**self._headers, **headers})
            except ConnectionError:
                # A server that refuses what is sent says so, and reads no more of it.
                is_sent = False
            response = connection.getresponse()
            answer = response.status, response.headers.get("Content-Type", ""), response.read()
            if not is_sent:
                connection.close()
            return answer
        except BaseException:
            # What of the answer is still to come is not that of the next request.
            connection.close()
            raise

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except ConnectionRefusedError as error:
            raise ConnectionRefusedError(error.errno, f"nothing listens at {self._url}: is `featc serve` running, and is this its address?") from error
        except socket.gaierror as error:
            raise socket.gaierror(error.errno, f"there is no machine {self._host!r} ({error.strerror}): is {self._url} the address of `featc serve`?") from error


def _address(url: str) -> tuple[str, str, Optional[int]]:
    """Scheme, host and port of a server."""
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        host, more = parts.hostname, parts.path.strip("/") or parts.query or parts.fragment or parts.username
        # A port alone would be read as the number of a machine.
        if host and not host.isdigit() and parts.scheme in ("http", "https") and not more:
            return parts.scheme, host, parts.port
    except (ValueError, TypeError, AttributeError):
        pass
    raise ValueError(f"url: {url!r} is no address of a server; write it like http://127.0.0.1:7733")


def _tls(ca: Optional[_Path], cert: Union[_Path, tuple[_Path, _Path], None]) -> ssl.SSLContext:
    """How a server is known, and what it is shown."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"ca: {ca!r} holds no authority in PEM: {error}") from error
    if cert is not None:
        chain, key = cert if isinstance(cert, tuple) else (cert, None)
        try:
            # A key that is encrypted is refused, where Python would ask for its password on the terminal.
            context.load_cert_chain(chain, key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"cert: {cert!r} holds no certificate with its key in PEM: {error}") from error
    return context


def _declarations(services: dict[str, Any]) -> _Declared:
    """What a server says of its sources and services."""
    try:
        sources = {
            source["name"]: [in_rows(column, source["arrival"]) for column in source["columns"]]
            for source in services["sources"]
        }
        keys = {service["name"]: [(key["name"], key["type"], False) for key in service["keys"]] for service in services["services"]}
    except (KeyError, TypeError) as error:
        raise _refusal(200, b"") from error
    return _Declared(*({name: _featc.Columns(columns) for name, columns in of.items()} for of in (sources, keys)))


def _id(request_id: Optional[str]) -> dict[str, str]:
    return {} if request_id is None else {"X-Request-Id": request_id}


def _sum(done: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two replies as one."""
    for name in _NUMBERS:
        done[name] += more[name]
    done["arrival"] = more["arrival"] or done["arrival"]
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
    return _error(code, message, help)


def _gated(answers: Answers) -> RunError:
    """That some entities have no answer."""
    row, features = next(iter(answers.gated.items()))
    why = ", ".join(f"`{name}` is {status}" for name, status in features.items())
    more = f", and for {len(answers.gated) - 1} more" if len(answers.gated) > 1 else ""
    help = "decide without these features about such entities: with `allow_gated=True` their rows are null, and `.gated` says why"
    return _error("E0817", f"`{answers.service}` has no answer for the entity of row {row}: {why}{more}", help)


def _error(code: str, message: str, help: str) -> RunError:
    data = json.dumps({"message": message, "help": {"text": help}})
    head = f"error[{code}]" if code else "error"
    diagnostic = Diagnostic(code, True, f"{head}: {message}\n = help: {help}", data)
    return RunError([diagnostic])
