"""A client of a real server: the values of a training set, by every way in, and refusals in the server's words."""

import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import threading

import pandas
import pyarrow
import pytest
import trustme
from conftest import SHOP, assert_same, payments, questions, stamps

import featc

TOKEN = "0123456789abcdef"


class Served:
    """A server of the binary, on a port that is free."""

    def __init__(self, command_line, *options, program=SHOP):
        (command_line.folder / "shop.feat").write_text(program)
        words = [command_line.binary, "--json", "serve", "shop.feat", "--state", "state", "--listen", "127.0.0.1:0", "--history", "20000d", *options]
        self.process = subprocess.Popen(words, cwd=command_line.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.url = json.loads(line)["url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture
def served(command_line):
    with Served(command_line) as server:
        yield server


def test_answers_are_those_of_a_training_set(shop, served):
    spine = questions(40)
    expected = shop.train("risk", spine, sources={"txn": payments()}, status=True, truth="complete").to_arrow()
    with featc.Client(served.url) as client:
        pushed = client.push("txn", payments(), request_id="p-1")
        accepted = shop.online("complete").push("txn", payments())["accepted"]
        assert (pushed["rows"], pushed["accepted"], pushed["rejected"]) == (400, accepted, {})
        answers = []
        for row in spine.to_pylist():
            answered = client.answer("risk", {"card": row["card"]}, at=row["timestamp"], status=True, request_id="q-1")
            assert (answered.service, answered.request_id) == ("risk", "q-1")
            assert datetime.datetime.fromisoformat(answered.at.replace("Z", "+00:00")) == row["timestamp"]
            assert answered.program == shop.hash and list(answered.cuts) == ["txn"]
            answers.append(answered.to_arrow().replace_schema_metadata())
        assert_same(pyarrow.concat_tables(answers), expected.select(answers[0].column_names))
        # Without statuses, many at once, in order.
        at = spine.to_pylist()[7]["timestamp"]
        cards = [5, 0, 99, 5, None]
        many = client.answer("risk", {"card": cards}, at=at)
        singly = [client.answer("risk", {"card": [card]}, at=at).to_arrow() for card in cards]
        assert_same(many.to_arrow(), pyarrow.concat_tables(singly))
        assert len(many) == 5 and not any(name.endswith("__status") for name in many.columns)


def test_rows_of_every_kind_go_in_parts(shop, served, monkeypatch):
    monkeypatch.setattr("featc._client.PART_ROWS", 7)
    rows = payments(60)
    bad = rows.set_column(rows.column_names.index("at"), "at", stamps([None if i in (8, 50) else i * 60 for i in range(60)]))
    with featc.Client(served.url) as client:
        pushed = client.push("txn", bad)
        assert (pushed["rows"], pushed["rejected"]) == (60, {"null_time": 2})
        assert [example["place"] for example in pushed["examples"]] == [9, 51]
        asked = {"card": list(range(7))}, "2024-05-01T09:00:00Z"
        before = client.answer("risk", *asked).to_pydict()
        for again in (rows.to_pandas(types_mapper=pandas.ArrowDtype), rows.to_pylist(), rows.to_pydict(), rows):
            pushed = client.push("txn", again)
            assert pushed["rows"] == 60 and pushed["rejected"] == {}
        after = client.answer("risk", *asked).to_pydict()
        assert before != after
        expected = shop.train("risk", {"card": list(range(7)), "timestamp": [datetime.datetime(2024, 5, 1, 9, tzinfo=datetime.timezone.utc)] * 7}, sources={"txn": rows}, truth="complete").to_pydict()
        assert {name: str(values) for name, values in after.items()} == {name: str(expected[name]) for name in after}
        assert client.push("txn", rows.slice(0, 0))["rows"] == 0


#: The same features with gates and without.
GATED = """
service loose { spend.{total_1h, times} }
service strict { spend.{total_1h, times} fallback gate }
"""


def test_an_entity_that_is_gated_has_no_answer(command_line):
    with Served(command_line, program=SHOP + GATED) as server, featc.Client(server.url) as client:
        client.push("txn", payments())
        at = "2024-05-01T09:00:00Z"
        cards = list(range(20)) + [99999, None]
        free = client.answer("loose", {"card": cards}, at, status=True)
        assert free.gated == {}
        columns = free.to_pydict()
        expected = {}
        for row in range(len(cards)):
            statuses = {name: columns[f"{name}__status"][row] for name in columns if f"{name}__status" in columns}
            lacking = {name: status for name, status in statuses.items() if status != "ok"}
            if lacking:
                expected[row] = lacking
        assert {20, 21} <= set(expected) and len(expected) < len(cards)
        strict = client.answer("strict", {"card": cards}, at, status=True, allow_gated=True)
        assert strict.gated == expected and len(strict) == len(cards)
        for row, (found, value) in enumerate(zip(strict.to_arrow().to_pylist(), free.to_arrow().to_pylist())):
            assert str(found) == str(dict.fromkeys(value) if row in expected else value)
        # Unless they are allowed, one of them is an error that names the features.
        with pytest.raises(featc.RunError, match=r"`strict` has no answer for the entity of row 0: `spend__\w+` is missing") as refused:
            client.answer("strict", {"card": [99999]}, at)
        assert refused.value.code == "E0817" and "allow_gated" in str(refused.value)
        with pytest.raises(featc.RunError, match="row 1: .*, and for 1 more"):
            client.answer("strict", {"card": [next(row for row in range(20) if row not in expected), 99999, None]}, at)
        # A schema for all answers of a service, whatever is gated.
        whole = client.answer("strict", {"card": [next(row for row in range(20) if row not in expected)]}, at)
        assert whole.gated == {} and whole.to_arrow().schema.remove_metadata() == client.answer("strict", {"card": [99999]}, at, allow_gated=True).to_arrow().schema.remove_metadata()


def test_refusals_are_those_of_the_server(served):
    client = featc.Client(served.url)
    for call, code in [
        (lambda: client.answer("risks", {"card": [1]}), "E0904"),
        (lambda: client.answer("risk", {"cart": [1]}), "E0802"),
        (lambda: client.answer("risk", {"card": ["a"]}), "E0802"),
        (lambda: client.answer("risk", {"card": list(range(1001))}), "E0803"),
        (lambda: client.push("nothing", {"id": [1]}), "E0804"),
        (lambda: client.push("../answer", {"id": [1]}), "E0804"),
        (lambda: client.push("txn", {"id": [1]}), "E0701"),
    ]:
        with pytest.raises(featc.RunError) as refused:
            call()
        assert refused.value.code == code, str(refused.value)
        assert str(refused.value).startswith(f"error[{code}]: ") and "\n = help: " in str(refused.value)
    assert client.services()["services"][0]["name"] == "risk" and client.is_ready()
    client.close()
    assert client.is_ready(), "a client that was closed opens connections again"
    for url in ("ftp://127.0.0.1:1", "http://", "http://127.0.0.1:1/v1", "7733", "http://127.0.0.1:port", "http://me:secret@127.0.0.1:1", "http://127.0.0.1:99999", 7733, None):
        with pytest.raises(ValueError, match="no address of a server"):
            featc.Client(url)


def test_entities_without_keys_are_refused_before_they_are_sent(served):
    with featc.Client(served.url) as client:
        for nothing in ({}, [{}], pandas.DataFrame()):
            with pytest.raises(TypeError, match="entities: no columns; "):
                client.answer("risk", nothing)
        with pytest.raises(TypeError, match="entities: a key is bytes"):
            client.answer("risk", {"card": [b"a"]})
        with pytest.raises(TypeError, match="rows of `txn`: rows are wanted here, and not a path"):
            client.push("txn", "")
        with pytest.raises(TypeError, match="source: a name is wanted, such as 'payments', and not Table"):
            client.push(payments(3), "txn")
        with pytest.raises(TypeError, match="service: a name is wanted, such as 'risk', and not dict"):
            client.answer({"card": 1}, "risk")
        with pytest.raises(TypeError, match=r"entities: a list is no table: columns have names, as in `{\"card\": \[1, 2\]}`"):
            client.answer("risk", [1, 2])
        with pytest.raises(TypeError, match="Client.answer: no argument `statuses`; did you mean `status`"):
            client.answer("risk", {"card": 1}, statuses=True)
        assert len(client.answer("risk", {"card": pyarrow.array([], pyarrow.int64())})) == 0


def test_a_token_and_a_restart(command_line):
    (command_line.folder / "token").write_text(TOKEN)
    with Served(command_line, "--token-file", "token") as server:
        with pytest.raises(featc.RunError) as refused:
            featc.Client(server.url).services()
        assert refused.value.code == "E0805"
        client = featc.Client(server.url, token=TOKEN)
        client.push("txn", payments(50))
        asked = ("risk", {"card": [1, 2]}, "2024-05-01T09:00:00Z")
        before = client.answer(*asked).to_pydict()
        server.end()
        with pytest.raises(ConnectionRefusedError, match=f"nothing listens at {server.url}: is `featc serve` running"):
            client.is_ready()
        with Served(command_line, "--token-file", "token") as again:
            client = featc.Client(again.url, token=TOKEN)
            assert str(client.answer(*asked).to_pydict()) == str(before)


def test_threads_share_a_client(served):
    client, found = featc.Client(served.url), []
    client.push("txn", payments(60))

    def ask(card):
        for _ in range(20):
            found.append((card, str(client.answer("risk", {"card": card}, "2024-05-01T09:00:00Z").to_pydict())))

    threads = [threading.Thread(target=ask, args=(card,)) for card in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 120 and len(set(found)) == 6
    client.close()


def test_a_connection_that_was_closed_is_opened_again(served):
    client = featc.Client(served.url)
    client.services()
    # As a server does that has not heard of it for long.
    client._local.connection.sock.shutdown(socket.SHUT_RDWR)
    assert client.services()["services"]
    client.close()


def test_an_address_without_a_scheme(served):
    with featc.Client(served.url.removeprefix("http://")) as client:
        assert client.is_ready()
    with pytest.raises(OSError, match="there is no machine 'nowhere.invalid'"):
        featc.Client("nowhere.invalid:7733").is_ready()


def test_a_refusal_is_read_while_rows_are_sent():
    """What a server says before it hangs up is told, and not that it hung up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        body = json.dumps({"error": {"code": "E0806", "message": "no room", "help": "later"}}).encode()
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 429 no\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    client = featc.Client("127.0.0.1:%d" % listener.getsockname()[1])
    client._known = featc._client._declarations({"sources": [{"name": "txn", "arrival": None, "columns": []}], "services": []})
    rows = payments(20).append_column("more", pyarrow.array(["x" * 2_000_000] * 20))
    with pytest.raises(featc.RunError) as refused:
        client.push("txn", rows)
    assert refused.value.code == "E0806" and client._local.connection.sock is None
    thread.join()
    listener.close()


def test_something_else_that_listens():
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 418 no\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(featc.RunError, match="status 418"):
        featc.Client("127.0.0.1:%d" % listener.getsockname()[1]).services()
    thread.join()
    listener.close()


def test_a_server_with_certificates(command_line):
    own, theirs = trustme.CA(), trustme.CA()
    folder = command_line.folder
    server = own.issue_cert("127.0.0.1")
    (folder / "server.pem").write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    (folder / "server.key").write_bytes(server.private_key_pem.bytes())
    own.cert_pem.write_to_path(str(folder / "ca.pem"))
    files = {}
    for name, authority in [("good", own), ("bad", theirs)]:
        client = authority.issue_cert("client@127.0.0.1", common_name=name)
        files[name] = folder / f"{name}.pem"
        client.private_key_and_cert_chain_pem.write_to_path(str(files[name]))
    ca, tls = folder / "ca.pem", ("--tls-cert", "server.pem", "--tls-key", "server.key")
    with Served(command_line, *tls) as served:
        assert served.url.startswith("https://")
        with featc.Client(served.url, ca=ca) as client:
            assert client.is_ready() and client.push("txn", payments(10))["rows"] == 10
        with featc.Client(served.url) as unknown, pytest.raises(ssl.SSLCertVerificationError):
            unknown.is_ready()
    with Served(command_line, *tls, "--tls-client-ca", "ca.pem") as served:
        with featc.Client(served.url, ca=ca, cert=files["good"]) as client:
            assert client.answer("risk", {"card": [1]}).to_arrow().num_rows == 1
        for cert in [None, files["bad"]]:
            with featc.Client(served.url, ca=ca, cert=cert) as client, pytest.raises(OSError):
                client.is_ready()
        pair = (folder / "server.pem", folder / "server.key")
        with featc.Client(served.url, ca=ca, cert=pair) as client:
            assert client.is_ready()
    for url, more, words in [
        ("http://127.0.0.1:1", {"ca": ca}, "is not encrypted"),
        ("https://127.0.0.1:1", {"ca": folder / "server.key"}, "no authority in PEM"),
        ("https://127.0.0.1:1", {"cert": ca}, "no certificate with its key"),
        ("https://127.0.0.1:1", {"cert": folder / "none"}, "no certificate with its key"),
    ]:
        with pytest.raises(ValueError, match=words):
            featc.Client(url, **more)
