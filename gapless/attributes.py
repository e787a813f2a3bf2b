"""Attributes of an item, of which nobody knows that they are what they should be. Pure."""

from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Any]


def read_text(item: Item, attribute: str) -> str | None:
    """A text attribute; None where it is missing, or something else."""
    found = item.get(attribute, {}).get("S")
    return None if found is None else str(found)


def read_number(item: Item, attribute: str) -> int | None:
    """A whole number; None where it is missing, or something else."""
    try:
        return int(item[attribute]["N"])
    except (KeyError, TypeError, ValueError):
        return None
