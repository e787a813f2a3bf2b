"""The functions a JSONPath may end in."""

import math
from collections.abc import Callable
from typing import Any

from gapless.local.velocity.errors import JavaError
from gapless.local.velocity.java import View, is_number


def _numbers(values: Any) -> list[float]:
    numbers = [float(value) for value in values if is_number(value)] if isinstance(values, list) else []
    if not numbers:
        raise JavaError("JsonPathException: Aggregation function attempted to calculate value using empty array")
    return numbers


def _length(values: Any) -> int | None:
    return len(values) if isinstance(values, list | dict) else None


def _deviation(values: Any) -> float:
    numbers = _numbers(values)
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def _end(values: Any, index: int) -> Any:
    return values[index] if isinstance(values, list) and -len(values) <= index < len(values) else None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "length": _length,
    "size": _length,
    "keys": lambda values: View(values, values) if isinstance(values, dict) else None,
    "min": lambda values: min(_numbers(values)),
    "max": lambda values: max(_numbers(values)),
    "sum": lambda values: sum(_numbers(values)),
    "avg": lambda values: sum(_numbers(values)) / len(_numbers(values)),
    "stddev": _deviation,
    "first": lambda values: _end(values, 0),
    "last": lambda values: _end(values, -1),
    "index": _end,
    "append": lambda values, *more: [*values, *more] if isinstance(values, list) else values,
    "concat": lambda values, *more: "".join(map(str, more)),
}

AGGREGATIONS = frozenset({"min", "max", "sum", "avg", "stddev"})
