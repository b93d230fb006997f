"""Progress bars: with tqdm where it is there, on work that takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Optional

Progress = Callable[[str, int, int], Any]


def _bar_class() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


def _is_watched() -> bool:
    """Whether a person looks: at a terminal, or at a notebook."""
    shell = sys.modules.get("IPython")
    if shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None:
        return True
    return bool(getattr(sys.stderr, "isatty", lambda: False)())


class Bar:
    """Calls of the engine, shown as a bar once a second has passed."""

    def __init__(self, progress: "Optional[Progress | bool]") -> None:
        self.callback: Optional[Progress] = progress if callable(progress) else None
        wanted = progress is True or (progress is None and _is_watched())
        self.kind: Any = _bar_class() if wanted and self.callback is None else None
        self.began = time.monotonic()
        self.bar: Any = None
        self.phase = ""

    @property
    def sink(self) -> Optional[Progress]:
        return self if self.callback is not None or self.kind is not None else None

    def __call__(self, phase: str, done: int, of: int) -> None:
        if self.callback is not None:
            self.callback(phase, done, of)
            return
        if time.monotonic() - self.began < 1.0:
            return
        if self.bar is None or phase != self.phase:
            self.close()
            self.bar, self.phase = self.kind(total=of, desc=phase, leave=False), phase
        self.bar.total = of
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
