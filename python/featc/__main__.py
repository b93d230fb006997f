"""The command line: ``python -m featc WORDS``, and the command ``featc`` that is installed with the package."""

from __future__ import annotations

import signal
import sys

from . import _featc


def main() -> int:
    """Runs the words of this process as a command line, and gives its exit code."""
    # Ctrl-C ends a command at once, as it does the binary; what is half-written has no name.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _featc.command_line(["featc", *sys.argv[1:]], [sys.executable, "-m", "featc"])


if __name__ == "__main__":
    sys.exit(main())
