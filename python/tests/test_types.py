"""A type checker over the package, its stubs, the examples, and what callers write; and docstrings that say enough."""

import inspect
import subprocess
import sys

import pytest
from conftest import ROOT

import featc
import featc.testing


def checked(folder, *words, cwd):
    """What mypy says; its cache goes with the test."""
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), "--no-error-summary", *words], cwd=cwd, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_the_package_and_the_examples_fit_their_types(tmp_path):
    examples = sorted(str(path) for path in (ROOT / "python/examples").glob("*.py"))
    assert len(examples) >= 2
    assert checked(tmp_path, "featc", *examples, cwd=ROOT / "python") == []


def test_the_stub_is_that_of_the_engine(tmp_path):
    # PyO3's classes cannot be inherited from, which the stub says by `final`.
    words = [sys.executable, "-m", "mypy.stubtest", "--ignore-disjoint-bases", "featc._featc"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


CALLS = """
import featc

program = featc.Program("shop.feat")
reveal_type(program.train("risk", "spine.parquet").to_pydict())
reveal_type(program.services["risk"].keys)
reveal_type(program.get("risk", {"card": 1}, "2024-05-01T00:00:00Z")["spend__total"].status)
reveal_type(program.online().read("risk", {"card": 1}))
program.train("risk", "spine.parquet", status="yes")
program.train(service=3)
program.verify("risk", sample="all")
with program.serving() as server:
    reveal_type(server.client().answer("risk", {"card": 1}).at)
    server.url = 5
try:
    program.plan("none")
except featc.RunError as error:
    reveal_type(error.diagnostics[0].help)
program.trian("risk")
"""


def test_what_callers_write_is_checked(tmp_path):
    (tmp_path / "calls.py").write_text(CALLS)
    told = [line.split(": ", 2)[-1].split("  [")[0] for line in checked(tmp_path, "calls.py", cwd=tmp_path) if ": note: " in line or ": error: " in line]
    revealed = [line.removeprefix('Revealed type is "').rstrip('"').replace("builtins.", "").replace(" | ", "|") for line in told if line.startswith("Revealed")]
    assert revealed == ["dict[str, list[Any]]", "dict[str, str]", "str", "featc._table.Table", "str", "str|None"], told
    errors = [line for line in told if not line.startswith("Revealed")]
    assert len(errors) == 5, errors
    for word in ("incompatible type \"str\"; expected \"bool\"", "expected \"str\"", "expected \"int\"", "Incompatible types in assignment", '"Program" has no attribute "trian"'):
        assert any(word in line for line in errors), (word, errors)


KINDS = [featc.Program, featc.Online, featc.Client, featc.Server, featc.Table, featc.TrainingSet]
#: What is said once for all: bars, sources, and options that are passed on.
SAID_ELSEWHERE = {"self", "cls", "progress", "sources", "options"}


def functions():
    for name in featc.__all__:
        if inspect.isfunction(getattr(featc, name)):
            yield name, getattr(featc, name)
    yield "testing.case", featc.testing.case
    for kind in KINDS:
        for name, thing in vars(kind).items():
            thing = getattr(thing, "__func__", thing)
            if inspect.isfunction(thing) and not name.startswith("_"):
                yield f"{kind.__name__}.{name}", thing


@pytest.mark.parametrize("name, function", functions(), ids=lambda value: value if isinstance(value, str) else "")
def test_docstrings_name_what_is_given(name, function):
    """Every argument is named, and what is raised where the engine may refuse."""
    text = inspect.getdoc(function)
    lacking = [argument for argument in inspect.signature(function).parameters if argument not in SAID_ELSEWHERE and argument not in text]
    assert not lacking, f"{name}: {lacking}"
    source = inspect.getsource(function)
    refuses = any(word in source for word in ("_asked(", "_run(", "settle(", "_featc.run(", "_inner.push", "_inner.read", "_inner.restore", "_inner.save", "_inner.load", "_request("))
    assert not refuses or ":raises" in text or name in ("Client.services", "Client.is_ready", "notices"), f"{name}: what it raises"


def test_units_and_shapes_are_said():
    """Bytes, seconds and instants say so, and what is given back is described."""
    for function, words in [
        (featc.Program.train, ["bytes", "timestamps with a zone", "rows keep their number and order", "seconds", "days since 1970-01-01"]),
        (featc.Program.backfill, ["``rows``, ``parts``, ``made``", "datetime with a zone", "not included"]),
        (featc.Program.verify, ["``differ``"]),
        (featc.Online.push, ["counts of rows", "(from 1)"]),
        (featc.Online.read, ["one row per question, one column per feature"]),
        (featc.Client.push, ["(from 1)", "MiB", "the last of them"]),
        (featc.Client.answer, ["one row per entity, one column per feature"]),
        (featc.Client, ["seconds"]),
        (featc.Table.nbytes, ["bytes"]),
    ]:
        text = inspect.getdoc(function)
        for word in words:
            assert word in text, (function, word)
