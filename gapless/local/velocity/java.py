"""Java's values as Python holds them, and Java's equality.

String is str, Boolean bool, Integer, Long and BigInteger int, Double float, BigDecimal Decimal, LinkedHashMap dict. A
plain list is json-smart's JSONArray, which is what a body's arrays become; the other kinds of list are the classes
below.
"""

from decimal import Decimal
from typing import Any


class Char(str):
    """A java.lang.Character: one UTF-16 unit."""

    __slots__ = ()


class ArrayList(list[Any]):
    """A list made by the template itself."""

    __slots__ = ()


class Array(list[Any]):
    """A Java array, such as split() returns; `kind` is its class name."""

    __slots__ = ("kind",)

    def __init__(self, items: Any = (), kind: str = "[Ljava.lang.String;") -> None:
        super().__init__(items)
        self.kind = kind


class View(list[Any]):
    """A map's keySet(), values() or entrySet(); `source` is the map."""

    __slots__ = ("source",)

    def __init__(self, items: Any, source: dict[Any, Any]) -> None:
        super().__init__(items)
        self.source = source


class Entry:
    """A map's entry."""

    __slots__ = ("key", "owner", "value")

    def __init__(self, key: Any, value: Any, owner: dict[Any, Any]) -> None:
        self.key = key
        self.value = value
        self.owner = owner


class JavaIterator:
    """What iterator() returns."""

    __slots__ = ("at", "items")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.at = 0


def is_number(value: Any) -> bool:
    """Whether a value is a number to Java, as a Boolean is not."""
    kind = type(value)
    return kind is int or kind is float or kind is Decimal


def number_class(value: Any) -> str:
    """The Java class of a number."""
    if type(value) is int:
        return "Integer" if -(2**31) <= value < 2**31 else "Long" if -(2**63) <= value < 2**63 else "BigInteger"
    return "Double" if type(value) is float else "BigDecimal"


def identity(value: object) -> int:
    """Where Java would show an identity hash code: any number, steady for the object."""
    return id(value) >> 4 & 0x7FFFFFFF


def java_equals(left: Any, right: Any) -> bool:
    """`left.equals(right)`: unlike Python, 1, 1.0 and true are three things."""
    if isinstance(left, Array) or isinstance(right, Array):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(java_equals, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(java_equals(value, right[key]) for key, value in left.items())
    if isinstance(left, Entry) and isinstance(right, Entry):
        return java_equals(left.key, right.key) and java_equals(left.value, right.value)
    return type(left) is type(right) and bool(left == right)
