"""The parts of a JSONPath and how each leads on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gapless.local.velocity.jsonpath_functions import AGGREGATIONS, FUNCTIONS


class PathError(Exception):
    """A path that is not JSONPath; `str()` says where it goes wrong."""


@dataclass(frozen=True, slots=True)
class Names:
    """`.name`, `['name']`, `['one','two']`; no names at all stand for `*`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indices:
    """`[0]`, `[-1]`, `[0,2]`."""

    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`[from:to]`, either end left out."""

    begin: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(...)]`: the test gets the candidate and the document."""

    test: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: everything at any depth, the starting point included."""


@dataclass(frozen=True, slots=True)
class Function:
    """`.length()` and its like, at a path's end."""

    name: str
    arguments: tuple[Any, ...]


Part = Names | Indices | Slice | Filter | Descend | Function


@dataclass(frozen=True, slots=True)
class Path:
    """A path ready to follow, its `$` or `@` left out."""

    parts: tuple[Part, ...]

    def read(self, document: Any, root: Any) -> tuple[bool, Any]:
        """Whether the path leads anywhere from `document`, and the value there; `root` is what a filter's `$` means."""
        last = self.parts[-1] if self.parts else None
        parts = self.parts[:-1] if isinstance(last, Function) else self.parts
        found: list[Any] = list(_walk(document, parts, root))
        definite = all(_is_definite(part, part is last) for part in parts)
        if isinstance(last, Function):
            return True, _applied(last, found, definite, any(isinstance(part, Descend) for part in parts))
        if not definite:
            return True, found
        return bool(found), found[0] if found else None


def _is_definite(part: Part, is_last: bool) -> bool:
    match part:
        case Names(names):
            return len(names) == 1 or (len(names) > 1 and is_last)
        case Indices(indices):
            return len(indices) == 1
        case _:
            return False


def _applied(function: Function, found: list[Any], definite: bool, scanned: bool) -> Any:
    """A function's result: of the value at a definite path, of each value at an indefinite one.

    After `..` Jayway hands the aggregations all values at once, and the other functions the last one.
    """
    apply = FUNCTIONS[function.name]
    if scanned and function.name in AGGREGATIONS:
        return apply(found, *function.arguments)
    results = [apply(value, *function.arguments) for value in found]
    if definite or scanned:
        return results[-1] if results else None
    return results


def _walk(value: Any, parts: tuple[Part, ...], root: Any) -> Iterator[Any]:
    if not parts:
        yield value
        return
    part, rest = parts[0], parts[1:]
    if isinstance(part, Descend):
        for inner in _everything(value):
            if rest and isinstance(rest[0], Filter):  # tests what is met on the way down, not the items of a list
                if isinstance(inner, dict | list) and rest[0].test(inner, root):
                    yield from _walk(inner, rest[1:], root)
            else:
                yield from _walk(inner, rest, root)
    elif isinstance(part, Names) and len(part.names) > 1:
        yield from _several_names(value, part.names, rest, root)
    else:
        for step in _children(value, part, root):
            yield from _walk(step, rest, root)


def _several_names(value: Any, names: tuple[str, ...], rest: tuple[Part, ...], root: Any) -> Iterator[Any]:
    """`['a','b']`: one map of those there are at a path's end, each in turn before that."""
    if not isinstance(value, dict):
        return
    if not rest:
        yield {name: value[name] for name in names if name in value}
        return
    for name in names:
        if name in value:
            yield from _walk(value[name], rest, root)


def _everything(value: Any) -> Iterator[Any]:
    """The value and all below it, each before what it holds."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _everything(inner)


def _children(value: Any, part: Part, root: Any) -> Iterator[Any]:
    match part:
        case Names(()):
            yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        case Names((name,)):
            if isinstance(value, dict) and name in value:
                yield value[name]
        case Indices(indices) if isinstance(value, list):
            for index in indices:
                if -len(value) <= index < len(value):
                    yield value[index]
        case Slice(begin, end) if isinstance(value, list):
            yield from value[begin:end]
        case Filter(test):
            candidates = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
            yield from (candidate for candidate in candidates if test(candidate, root))
