"""The cell magic ``%%feat``: ``%load_ext featc.notebook``.

``%%feat NAME`` compiles the text of the cell and binds the program to NAME (``program`` without one). Messages are shown
under the cell, with the lines that they are about.
"""

from __future__ import annotations

import warnings
from typing import Any

from . import CompileError, FeatcWarning, Program, _html


class _Messages:
    def __init__(self, diagnostics: Any) -> None:
        self.diagnostics = diagnostics

    def __repr__(self) -> str:
        return "\n".join(diagnostic.text for diagnostic in self.diagnostics)

    def _repr_html_(self) -> str:
        return _html.messages(self.diagnostics)


def load_ipython_extension(shell: Any) -> None:
    from IPython.display import display

    def feat(line: str, cell: str) -> Any:
        name = line.strip() or "program"
        if not name.isidentifier():
            raise ValueError(f"%%feat {line}: `{name}` is no name of a variable")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FeatcWarning)
                program = Program.from_text(cell, name=f"{name}.feat")
        except CompileError as error:
            # No old program stays under the name.
            shell.user_ns.pop(name, None)
            display(_Messages(error.diagnostics))
            return None
        shell.user_ns[name] = program
        if program.warnings:
            display(_Messages(program.warnings))
        return program

    shell.register_magic_function(feat, magic_kind="cell", magic_name="feat")
