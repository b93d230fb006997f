"""What is said of arguments that a method does not take as they are."""

from __future__ import annotations

import difflib
import functools
import inspect
from typing import Any, Callable, Iterable, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def a_name(value: Any, what: str, example: str) -> None:
    """Refuses what is no name: rows, for one, where arguments are swapped."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: a name is wanted, such as {example!r}, and not {type(value).__name__}")


def told(method: F) -> F:
    """The method; of a keyword that it does not have it tells which one was probably meant."""
    known = list(inspect.signature(method).parameters)[1:]

    @functools.wraps(method)
    def call(self: Any, *args: Any, **given: Any) -> Any:
        for name in given:
            if name not in known:
                raise TypeError(f"{method.__qualname__}: no argument `{name}`; {_meant(self, name, known)}")
        return method(self, *args, **given)

    return cast(F, call)


def _meant(of: Any, name: str, known: "list[str]") -> str:
    sources: "Iterable[str]" = of._sources() if "sources" in known else ()
    if name in sources:
        return rows_of(name)
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"


def rows_of(source: str) -> str:
    """How rows of a source are given."""
    return f'rows of a source are given as `sources={{"{source}": …}}`'
