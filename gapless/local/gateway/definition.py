"""Reading an API definition: whatever is not supported is refused at the start, with its place."""

import re
from collections.abc import Collection, Mapping

from gapless.local.template import Node

STATUS = re.compile(r"[1-5]\d\d")


class DefinitionError(Exception):
    """The API asks for something that cannot be served here: what, where, and what to do."""


def mapping(node: Node, place: str) -> dict[str, Node]:
    """The node, which must be a mapping; nothing at all counts as an empty one."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise DefinitionError(f"{place}: a mapping is needed here, not {node!r}")
    return node


def refuse_unknown(
    node: Node, served: Collection[str], without_local_effect: Mapping[str, str], place: str
) -> dict[str, Node]:
    """The node, which must be a mapping with no other keys than these.

    served: keys that do here what they do on AWS; without_local_effect: keys that need do nothing here, each with the
    reason.
    """
    keys = mapping(node, place)
    unknown = sorted(key for key in keys if key not in served and key not in without_local_effect)
    if unknown:
        raise DefinitionError(
            f"{place}: {', '.join(unknown)} is not supported on the local stack; supported: {', '.join(sorted(served))}"
        )
    return keys


def follow(document: Node, node: Node, place: str) -> Node:
    """The node, or what its `$ref` points to inside the document."""
    if not isinstance(node, dict) or "$ref" not in node:
        return node
    reference = node["$ref"]
    target = document
    for step in str(reference).removeprefix("#/").split("/"):
        if not str(reference).startswith("#/") or not isinstance(target, dict) or step not in target:
            raise DefinitionError(f"{place}: $ref {reference} points to nothing in this document")
        target = target[step]
    return target


def is_true(value: Node) -> bool:
    """Whether a flag is set; a template's parameter gives it as text."""
    return str(value).lower() == "true"
