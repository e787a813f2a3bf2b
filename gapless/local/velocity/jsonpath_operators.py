"""The comparisons of JSONPath filters."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gapless.local.velocity import java_regex
from gapless.local.velocity.java import is_number, java_equals
from gapless.local.velocity.text import java_text


@dataclass(frozen=True, slots=True)
class Regex:
    """`/pattern/flags`, as a Java pattern with its flags in front."""

    java: str


class _Missing:
    """What a path in a filter is that leads nowhere."""


MISSING = _Missing()


def _equal(left: Any, right: Any) -> bool:
    if is_number(left) and type(right) is str:
        try:
            return Decimal(right) == Decimal(java_text(left))
        except InvalidOperation:
            return False
    if type(left) is str and is_number(right):
        return left == java_text(right)
    if is_number(left) and is_number(right):
        return bool(left == right) or java_text(left) == java_text(right)
    return java_equals(left, right)


def _same_kind(left: Any, right: Any) -> bool:
    return type(left) is type(right) or (is_number(left) and is_number(right))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        numbers = is_number(left) and is_number(right)
        return (numbers or (type(left) is str and type(right) is str)) and bool(compare(left, right))

    return compared


def _matches(left: Any, right: Any) -> bool:
    if isinstance(left, Regex):
        left, right = right, left
    if not isinstance(right, Regex) or left is None or isinstance(left, list | dict):
        return False
    return java_regex.matches(java_text(left), right.java)


def _within(value: Any, values: Any) -> bool:
    return isinstance(values, list) and any(_equal(value, other) for other in values)


def _contains(left: Any, right: Any) -> bool:
    if type(left) is str:
        return type(right) is str and right in left
    return _within(right, left)


def _size(left: Any, right: Any) -> bool:
    return isinstance(left, list | str) and is_number(right) and len(left) == right


def _empty(left: Any, right: Any) -> bool:
    return isinstance(left, list | str | dict) and (not left) is right


def _all_within(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_within(value, right) for value in left)


def _any_within(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and any(_within(value, right) for value in left)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "===": lambda left, right: _same_kind(left, right) and _equal(left, right),
    "!==": lambda left, right: not (_same_kind(left, right) and _equal(left, right)),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
    "in": _within,
    "nin": lambda left, right: not _within(left, right),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
    "subsetof": _all_within,
    "all": lambda left, right: isinstance(left, list) and _all_within(right, left),
    "anyof": _any_within,
    "noneof": lambda left, right: isinstance(left, list) and not _any_within(left, right),
}
