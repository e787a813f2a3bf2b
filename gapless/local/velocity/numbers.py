"""java.lang's and java.math's number classes, and Boolean."""

import math
import re
import struct
from decimal import Decimal
from typing import Any

from gapless.local.velocity.errors import JavaError
from gapless.local.velocity.java import number_class
from gapless.local.velocity.methods import register, table
from gapless.local.velocity.strings import OBJECT
from gapless.local.velocity.text import java_text

_INTEGER = re.compile(r"[+-]?[0-9a-zA-Z]+")
_DOUBLE = re.compile(r"\s*([+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))[fFdD]?\s*")


def _wrapped(value: int, bits: int) -> int:
    """The low bits of a whole number, as a Java cast keeps them."""
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >= 1 << (bits - 1) else low


def _to_int(value: Any, bits: int = 32) -> int:
    """intValue() and longValue(): whole numbers wrap around, doubles stop at the ends of the range."""
    if type(value) is not float:
        return _wrapped(int(value), bits)
    if math.isnan(value):
        return 0
    return int(max(-(2.0 ** (bits - 1)), min(value, 2.0 ** (bits - 1) - 1)))


def _parse_int(_: Any, text: str | None, radix: int = 10, bits: int = 32) -> int:
    if text is None or not _INTEGER.fullmatch(text):
        raise JavaError(f"NumberFormatException: For input string: {text!r}")
    try:
        value = int(text, radix)
    except ValueError:
        raise JavaError(f"NumberFormatException: For input string: {text!r}") from None
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise JavaError(f"NumberFormatException: Value out of range: {text!r}")
    return value


def _parse_long(_: Any, text: str | None, radix: int = 10) -> int:
    return _parse_int(_, text, radix, 64)


def _parse_double(_: Any, text: str | None) -> float:
    found = _DOUBLE.fullmatch(text or "")
    if not found:
        raise JavaError(f"NumberFormatException: For input string: {text!r}")
    return float(found[1])


def _compare(left: Any, right: Any) -> int:
    """compareTo(), which compares numbers of one class only."""
    if number_class(left) != number_class(right):
        raise JavaError(f"ClassCastException: {number_class(right)} cannot be cast to {number_class(left)}")
    return int(left > right) - int(left < right)


def _in_radix(value: int, radix: str) -> str:
    return format(value if value >= 0 else value + (1 << (32 if value >= -(2**31) else 64)), radix)


def _double_hash(value: float) -> int:
    (bits,) = struct.unpack(">q", struct.pack(">d", value))
    return _wrapped(bits ^ (bits >> 32 & 0xFFFFFFFF), 32)


_NUMBER = table(
    {
        "intValue()": _to_int,
        "longValue()": lambda n: _to_int(n, 64),
        "shortValue()": lambda n: _wrapped(_to_int(n), 16),
        "byteValue()": lambda n: _wrapped(_to_int(n), 8),
        "doubleValue()": float,
        "compareTo(Number)": _compare,
    },
    OBJECT,
)
_INT = table(
    {
        "parseInt(String)": _parse_int,
        "parseInt(String,int)": _parse_int,
        "parseLong(String)": _parse_long,
        "valueOf(String)": _parse_long,
        "valueOf(int)": lambda _, value: value,
        "toString(int)": lambda _, value: str(value),
        "toHexString(int)": lambda _, value: _in_radix(value, "x"),
        "toOctalString(int)": lambda _, value: _in_radix(value, "o"),
        "toBinaryString(int)": lambda _, value: _in_radix(value, "b"),
        "compare(int,int)": lambda _, left, right: (left > right) - (left < right),
        "max(int,int)": lambda _, left, right: max(left, right),
        "min(int,int)": lambda _, left, right: min(left, right),
        "sum(int,int)": lambda _, left, right: _wrapped(left + right, 32),
        "signum(int)": lambda _, value: (value > 0) - (value < 0),
        "hashCode()": lambda n: _wrapped(n if -(2**31) <= n < 2**31 else n ^ n >> 32, 32),
    },
    _NUMBER,
)
_FLOAT = table(
    {
        "parseDouble(String)": _parse_double,
        "valueOf(String)": _parse_double,
        "valueOf(double)": lambda _, value: float(value),
        "toString(double)": lambda _, value: java_text(float(value)),
        "hashCode()": _double_hash,
        "isNaN()": math.isnan,
        "isInfinite()": math.isinf,
        "max(double,double)": lambda _, left, right: float(max(left, right)),
        "min(double,double)": lambda _, left, right: float(min(left, right)),
    },
    _NUMBER,
)
_BOOLEAN = table(
    {
        "booleanValue()": lambda b: b,
        "parseBoolean(String)": lambda _, text: text is not None and text.lower() == "true",
        "valueOf(String)": lambda _, text: text is not None and text.lower() == "true",
        "valueOf(boolean)": lambda _, value: value,
        "compareTo(boolean)": lambda b, other: int(b) - int(other),
        "hashCode()": lambda b: 1231 if b else 1237,
    },
    OBJECT,
)

register(int, _INT)
register(float, _FLOAT)
register(
    Decimal, table({"toPlainString()": lambda d: format(d, "f"), "signum()": lambda d: (d > 0) - (d < 0)}, _NUMBER)
)
register(bool, _BOOLEAN)
