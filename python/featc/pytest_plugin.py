"""``pytest fraud.feat``: the tests that a program holds, one item of pytest for each.

Loaded by pytest wherever the package is installed; ``-p no:featc`` switches it off. A file is its own program, or else one
of those of its folder.
"""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any, Iterator, Optional, Union

import pytest

_TEST = re.compile(r'^[ \t]*test[ \t]+"', re.MULTILINE)


def pytest_collect_file(file_path: pathlib.Path, parent: pytest.Collector) -> "Optional[FeatFile]":
    """Files that end in ``.feat`` and hold a test."""
    if file_path.suffix != ".feat" or not _TEST.search(file_path.read_text(encoding="utf-8", errors="replace")):
        return None
    file: FeatFile = FeatFile.from_parent(parent, path=file_path)
    return file


class FeatFile(pytest.File):
    """A file of a program with tests."""

    def collect(self) -> "Iterator[FeatTest]":
        outcome = _run("--list", "--", str(self.path))
        program = self.path
        if outcome.refused and len(list(self.path.parent.glob("*.feat"))) > 1:
            whole = _run("--list", "--", str(self.path.parent))
            if not whole.refused:
                outcome, program = whole, self.path.parent
        if outcome.refused:
            raise self.CollectError(_told(outcome))
        for test in json.loads(outcome.results[0][1])["tests"]:
            if test["file"] == self.path.name:
                yield FeatTest.from_parent(self, name=test["name"], program=program, line=test["line"])


class FeatTest(pytest.Item):
    """A test, on the model, the batch engine and the streaming engine."""

    def __init__(self, *, program: pathlib.Path, line: int, **given: Any) -> None:
        super().__init__(**given)
        self.program = program
        self.line = line

    def runtest(self) -> None:
        outcome = _run("--exact", f"--filter={self.name}", "--", str(self.program))
        if outcome.refused:
            raise Failed(_told(outcome))
        (test,) = json.loads(outcome.results[0][1])["tests"]
        if not test["passed"]:
            raise Failed("".join(failure["text"] for failure in test["failures"]))

    def repr_failure(self, excinfo: "pytest.ExceptionInfo[BaseException]", style: Any = None) -> "Union[str, Any]":
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value).rstrip()
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> "tuple[pathlib.Path, int, str]":
        return self.path, self.line - 1, self.name


class Failed(Exception):
    """What a test found, in words."""


def _told(outcome: Any) -> str:
    from ._errors import diagnostics

    return "\n".join(message.text for message in diagnostics(outcome.messages))


def _run(*words: str) -> Any:
    from . import _featc

    return _featc.run(["test", *words])
