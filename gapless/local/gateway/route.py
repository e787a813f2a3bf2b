"""Which method of which resource a request is for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gapless.local.gateway.definition import DefinitionError

VARIABLE = re.compile(r"\{([\w.:-]+)(\+?)\}")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
ANY = "ANY"

M = TypeVar("M")


@dataclass(frozen=True)
class _Resource(Generic[M]):
    path: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    methods: dict[str, M] = field(default_factory=dict)


class Router(Generic[M]):
    """Finds methods by raw path: percent-encoded segments are compared and handed on as they came."""

    def __init__(self, methods: Iterable[tuple[str, str, M]]) -> None:
        """methods: (HTTP method or ANY, resource path such as `/a/{b}/{rest+}`, whatever is to be found)."""
        resources: dict[str, _Resource[M]] = {}
        for http_method, path, method in methods:
            resources.setdefault(path, _resource(path)).methods[http_method] = method
        self._exact = {path: resource for path, resource in resources.items() if not resource.names}
        self._patterns = sorted((one for one in resources.values() if one.names), key=lambda one: _rank(one.path))

    def match(self, http_method: str, path: str) -> tuple[M, dict[str, str]] | None:
        """The method a request is for, and its path parameters; None when there is none.

        path: without the stage. A fixed segment wins over `{x}`, and that over `{x+}`; slashes at the end are ignored.
        """
        path = path.rstrip("/") or "/"
        resource = self._exact.get(path)
        values: tuple[str, ...] = ()
        if resource is None:
            found = next(((one, match) for one in self._patterns if (match := one.pattern.fullmatch(path))), None)
            if found is None:
                return None
            resource, values = found[0], found[1].groups()
        method = resource.methods.get(http_method)
        if method is None and http_method in METHODS:
            method = resource.methods.get(ANY)
        return None if method is None else (method, dict(zip(resource.names, values, strict=True)))


def _resource(path: str) -> _Resource[M]:
    """Compile a resource path into the pattern that request paths are matched with."""
    if not path.startswith("/"):
        raise DefinitionError(f"paths.{path}: a path starts with a slash")
    pattern, names = "", []
    segments = [] if path == "/" else path[1:].split("/")
    for index, segment in enumerate(segments):
        variable = VARIABLE.fullmatch(segment)
        if variable is None and ("{" in segment or not segment):
            raise DefinitionError(
                f"paths.{path}: a segment is text, {{name}}, or at the end {{name+}}, not {segment!r}"
            )
        if variable and variable[2] and index < len(segments) - 1:
            raise DefinitionError(f"paths.{path}: {segment} takes the rest of the path, so it must stand at the end")
        if variable:
            names.append(variable[1])
        pattern += "/" + (re.escape(segment) if variable is None else "(.+)" if variable[2] else "([^/]+)")
    return _Resource(path, re.compile(pattern or "/", re.DOTALL), tuple(names))


def _rank(path: str) -> tuple[int, ...]:
    return tuple(2 if "+}" in segment else 1 if "{" in segment else 0 for segment in path[1:].split("/"))
