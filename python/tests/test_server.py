"""Servers in this process, and the command line of the package."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pyarrow
import pytest
from conftest import SHOP, assert_same, payments, questions

import featc

AT = "2024-05-01T09:00:00Z"
FAR = {"history": "20000d"}


def run(code, cwd, **more):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_a_server_beside_other_work(shop):
    rows = payments(120)
    spine = questions(9).to_pylist()
    expected = shop.train("risk", spine, sources={"txn": rows}, truth="complete").to_arrow()
    with shop.serving(**FAR) as server:
        state = pathlib.Path(server.state)
        assert state.is_dir() and (server.checkpoint, server.replayed) == (0, 0)
        assert server.told == f"serving {server.url} from `{state}`: checkpoint 0, 0 rows of log after it"
        client = server.client()
        # The interpreter's lock is free while it works: this very process asks it.
        assert client.push("txn", rows)["rows"] == 120
        answers = [client.answer("risk", {"card": row["card"]}, row["timestamp"]).to_arrow() for row in spine]
    answered = pyarrow.concat_tables([answer.replace_schema_metadata() for answer in answers])
    assert_same(answered, expected.select(answered.column_names))
    assert not state.exists(), "a state of its own goes with the server"
    with pytest.raises(OSError):
        client.is_ready()
    server.close()


def test_a_server_goes_on_where_it_was(shop, tmp_path):
    asked = ("risk", {"card": [1, 2]}, AT)
    with shop.serving(tmp_path / "state", **FAR) as server:
        client = server.client()
        client.push("txn", payments(60))
        before = str(client.answer(*asked).to_pydict())
        with pytest.raises(featc.RunError) as busy:
            shop.serving(tmp_path / "state")
        assert busy.value.code == "E0923", busy.value
        with pytest.raises(featc.RunError, match='`listen="127.0.0.1:'):
            shop.serving(tmp_path / "other", listen=server.url.removeprefix("http://"))
        client.close()
    # The end made a checkpoint: nothing is read from the log.
    assert shop.serve(tmp_path / "state", dry_run=True)["replayed"] == 0
    server = shop.serving(tmp_path / "state", **FAR)
    assert server.checkpoint >= 1 and server.replayed == 0
    assert str(server.client().answer(*asked).to_pydict()) == before
    server.close()


def test_what_is_refused(shop, tmp_path):
    for options, words in [
        ({"listen": "0.0.0.0:0"}, "token_file=FILE"),
        ({"delay": "soon"}, '`delay="soon"`: not a duration'),
        ({"max_body": 0}, "max_body"),
        ({"depth": 3}, "unknown option `depth`"),
        ({"token_file": tmp_path / "none"}, "token_file"),
    ]:
        with pytest.raises(featc.RunError) as refused:
            shop.serving(tmp_path / "state", **options)
        assert words in str(refused.value), str(refused.value)
    assert shop.serve(tmp_path / "state", dry_run=True) == {"begins": True, "state": str(tmp_path / "state")}
    no_arrival = featc.Program(SHOP.replace("  arrival known_at\n  lateness 1d\n", ""))
    with pytest.raises(featc.RunError) as refused:
        no_arrival.serving()
    assert refused.value.code == "E0907"


def test_tokens(shop, tmp_path):
    (tmp_path / "token").write_text("0123456789abcdef\n")
    with shop.serving(tmp_path / "state", token_file=tmp_path / "token") as server:
        assert server.client().services()["services"][0]["name"] == "risk"
        with pytest.raises(featc.RunError) as refused:
            featc.Client(server.url).services()
        assert refused.value.code == "E0805"


SERVES = """
    import signal, sys
    import featc
    if "exits" in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    program = featc.Program("shop.feat")
    program.serve("state", listen="127.0.0.1:0", history="20000d")
    print("went on", flush=True)
"""


@pytest.mark.parametrize("told, code, said", [(signal.SIGINT, 0, "went on\n"), (signal.SIGTERM, 7, "")])
def test_a_signal_ends_it_in_order(shop, tmp_path, told, code, said):
    (tmp_path / "shop.feat").write_text(SHOP)
    words = [sys.executable, "-c", textwrap.dedent(SERVES), "exits"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("serving http://127.0.0.1:"), line + process.stderr.read()
    url = line.split()[1]
    featc.Client(url).push("txn", payments(20))
    process.send_signal(told)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, said), err
    assert '"event":"ended"' in err and "Traceback" not in err
    found = featc.state("list", tmp_path / "state", program=shop)
    assert found["ended"] and found["replayed"] == 0 and found["checkpoint"] >= 1


def test_a_process_that_just_ends_loses_nothing(shop, tmp_path):
    (tmp_path / "shop.feat").write_text(SHOP)
    code = """
        import featc
        server = featc.Program("shop.feat").serving("state", history="20000d")
        print(server.url, flush=True)
        input()
    """
    process = run(code, tmp_path, stdin=subprocess.PIPE)
    url = process.stdout.readline().strip()
    client = featc.Client(url)
    assert client.push("txn", payments(20))["accepted"] > 0
    asked = ("risk", {"card": [1, 2]}, AT)
    before = str(client.answer(*asked).to_pydict())
    process.communicate("\n", timeout=60)
    assert process.returncode == 0
    with shop.serving(tmp_path / "state", **FAR) as server:
        # In the log, or, if there was time for it, in a checkpoint.
        assert server.replayed > 0 or server.checkpoint > 0
        assert str(server.client().answer(*asked).to_pydict()) == before


def test_several_threads_wait(shop):
    server = shop.serving()
    ended = []
    threads = [threading.Thread(target=lambda: (server.wait(), ended.append(1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert not ended
    server.close()
    for thread in threads:
        thread.join(60)
    assert len(ended) == 3


def test_many_servers_leave_nothing(shop):
    for _ in range(3):
        with shop.serving():
            pass

    def held():
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    before = held()
    for _ in range(5):
        with shop.serving() as server, server.client() as client:
            client.services()
    # A thread that has said its last word ends a moment later.
    until = time.monotonic() + 10
    while held() != before and time.monotonic() < until:
        time.sleep(0.01)
    assert held() == before


def test_what_a_state_holds(shop, command_line):
    folder = command_line.folder
    (folder / "shop.feat").write_text(SHOP)
    with shop.serving(folder / "state", **FAR) as server:
        server.client().push("txn", payments(60))
    listed = featc.state("list", folder / "state", program=shop)
    assert listed == featc.state("list", folder / "state", program=folder / "shop.feat")
    assert {**listed, "state": "state"} == json.loads(command_line("--json", "state", "list", "shop.feat", "--state", "state").stdout)
    shown = featc.state("show", folder / "state", program=shop, service="risk", keys={"card": 1}, at=AT)
    assert shown == json.loads(command_line("--json", "state", "show", "shop.feat", "--state", "state", "--service", "risk", "--key", "card=1", "--at", AT).stdout)
    assert featc.state("verify", folder / "state")["damaged"] == []
    files = featc.state("export", folder / "state", out=folder / "out")["files"]
    assert [file["source"] for file in files] == ["txn"]
    with pytest.raises(featc.RunError):
        featc.state("show", folder / "state", program=shop)
    with pytest.raises(featc.RunError):
        featc.state("verify", folder / "nothing")


# ---- the command line of the package


def test_the_command_line_is_that_of_the_binary(command_line):
    folder = command_line.folder
    command_line.train(questions(20), payments(100))
    words = ["train", "shop.feat", "--service=risk", "--spine=spine.parquet", "--source=txn=txn.parquet", "--status"]
    command_line(*words, "--out=binary.parquet")
    installed = pathlib.Path(sys.executable).parent / "featc"
    for start in ([sys.executable, "-m", "featc"], [str(installed)]):
        done = subprocess.run([*start, *words, "--out=python.parquet"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        binary, python = (pyarrow.parquet.read_table(folder / name) for name in ("binary.parquet", "python.parquet"))
        assert_same(binary, python)
        for wrong, code in [(["check", "none.feat"], 1), (["trian"], 2), (["--version"], 0), ([], 2)]:
            said = subprocess.run([*start, *wrong], cwd=folder, capture_output=True, text=True)
            same = subprocess.run([command_line.binary, *wrong], cwd=folder, capture_output=True, text=True)
            assert (said.returncode, said.stdout, said.stderr) == (code, same.stdout, same.stderr), wrong


def test_ctrl_c_ends_a_command(command_line):
    (command_line.folder / "shop.feat").write_text(SHOP)
    words = [sys.executable, "-m", "featc", "--json", "serve", "shop.feat", "--state=state", "--listen=127.0.0.1:0"]
    process = subprocess.Popen(words, cwd=command_line.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["checkpoint"] == 0
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and '"event":"ended"' in err, err


def test_the_tour(capsys, tmp_path):
    featc.demo(tmp_path / "tour")
    said = capsys.readouterr().out
    assert "0 differ" in said and "kill -9, and the same line again" in said and "the same as before" in said
    assert (tmp_path / "tour" / "train.parquet").is_file()
    with pytest.raises(featc.RunError, match="exit code 1"):
        (tmp_path / "file").write_text("")
        featc.demo(tmp_path / "file")
    assert "error[E0903]" in capsys.readouterr().out


def test_nobody_else_listens_on_its_port(shop):
    with shop.serving() as server:
        port = int(server.url.rsplit(":", 1)[1])
    # It is free again as soon as the server has ended.
    socket.create_server(("127.0.0.1", port)).close()
