"""Jayway's JSONPath, the one behind $input.path and $input.json, over plain Python values.

A definite path (properties and single indices) gives the value or None; an indefinite one (`..`, `*`, slices, several
indices, filters) always gives a list, empty when nothing matches.
"""

from functools import lru_cache
from typing import Any

from gapless.local.velocity.jsonpath_grammar import parse_path
from gapless.local.velocity.jsonpath_parts import Path


def read(document: Any, path: str) -> tuple[bool, Any]:
    """Whether a path leads anywhere in a document, and the value there, None where it does not.

    Raises PathError when the path cannot be read.
    """
    return compiled(path).read(document, document)


@lru_cache(maxsize=1024)
def compiled(path: str) -> Path:
    """A path ready to use; one without `$` is taken below the root."""
    return parse_path(path)
