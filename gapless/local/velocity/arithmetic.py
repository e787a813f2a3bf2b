"""Velocity 1.7's arithmetic and comparisons over Java's numbers.

Whole numbers grow as needed (Integer, Long, BigInteger), division truncates towards zero, a remainder has the sign of
its dividend, and division by zero is null. `+` concatenates when either side is a string; on anything else that is not
two numbers an operator is null. Decimals from long JSON numbers (BigDecimal) stay exact.
"""

import math
import operator
from collections.abc import Callable
from decimal import ROUND_HALF_DOWN, Context, Decimal
from typing import Any

from gapless.local.velocity.errors import VelocityError
from gapless.local.velocity.java import Char, is_number, java_equals, number_class
from gapless.local.velocity.text import java_text

Number = int | float | Decimal
MOST_BITS = 13_000  # some 3,900 digits; a template has no use for more
_EXACT = Context(prec=2000)


def add(left: Any, right: Any) -> Any:
    """`+`: the sum of numbers, or both texts as one where either side is a string; null when either side is null."""
    if is_number(left) and is_number(right):
        return _widened(left, right, operator.add, _EXACT.add)
    if left is None or right is None or not (type(left) is str or type(right) is str):
        return None
    return java_text(left) + java_text(right)


def subtract(left: Any, right: Any) -> Any:
    """`-`: null unless both are numbers."""
    return _widened(left, right, operator.sub, _EXACT.subtract) if is_number(left) and is_number(right) else None


def multiply(left: Any, right: Any) -> Any:
    """`*`: null unless both are numbers."""
    return _widened(left, right, operator.mul, _EXACT.multiply) if is_number(left) and is_number(right) else None


def divide(left: Any, right: Any) -> Any:
    """`/`, truncated towards zero for whole numbers; null for a division by zero, or unless both are numbers."""
    if not (is_number(left) and is_number(right)) or right == 0:
        return None
    return _widened(left, right, _quotient, _decimal_quotient)


def remainder(left: Any, right: Any) -> Any:
    """`%`, with the sign of the dividend; null for a division by zero, or unless both are numbers."""
    if not (is_number(left) and is_number(right)) or right == 0:
        return None
    return _widened(left, right, _remainder, _no_decimal_remainder)


def equal(left: Any, right: Any) -> bool:
    """`==`: numbers by value, values of one class by equals(), all else by their text."""
    if type(left) is str and type(right) is str:
        return left == right
    if is_number(left) and is_number(right):
        return bool(left == right)
    if left is None or right is None:
        return left is right
    if (isinstance(left, type(right)) or isinstance(right, type(left))) and Char not in (type(left), type(right)):
        return java_equals(left, right)
    return java_text(left) == java_text(right)


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """`<`, `>`, `<=` and `>=` compare numbers; anything else is false."""

    def compared(left: Any, right: Any) -> bool:
        return is_number(left) and is_number(right) and bool(compare(left, right))

    return compared


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": ordered(operator.lt),
    ">": ordered(operator.gt),
    "<=": ordered(operator.le),
    ">=": ordered(operator.ge),
}


def _widened(
    left: Number, right: Number, plain: Callable[[Any, Any], Any], exact: Callable[[Decimal, Decimal], Decimal]
) -> Number:
    """Apply an operator in the wider of the two numbers' types."""
    kinds = {number_class(left), number_class(right)}
    if "BigDecimal" in kinds or kinds == {"BigInteger", "Double"}:
        return _EXACT.add(exact(_decimal(left), _decimal(right)), Decimal(0))  # BigDecimal knows no negative zero
    result: Number = plain(left, right)
    if isinstance(result, int) and result.bit_length() > MOST_BITS:
        raise VelocityError(f"a number grows beyond {MOST_BITS:,} bits")
    return result


def _decimal(number: Number) -> Decimal:
    """MathUtils.toBigDecimal: what is no big number goes through a double."""
    return Decimal(number) if number_class(number).startswith("Big") else Decimal(float(number))


def _quotient(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _decimal_quotient(left: Decimal, right: Decimal) -> Decimal:
    """BigDecimal.divide(divisor, ROUND_HALF_DOWN): the dividend's scale is kept."""
    scale = left.as_tuple().exponent
    return _EXACT.divide(left, right).quantize(Decimal((0, (1,), int(scale))), rounding=ROUND_HALF_DOWN, context=_EXACT)


def _no_decimal_remainder(left: Decimal, right: Decimal) -> Decimal:
    raise VelocityError(f"{left} % {right} throws ArithmeticException: Cannot calculate the modulo of BigDecimals")


def _remainder(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    return math.fmod(left, right)
