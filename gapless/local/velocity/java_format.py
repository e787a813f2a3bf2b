"""String.format for the conversions %s %d %x %o %c %b %f %e %n %%, with flags, width and precision."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gapless.local.velocity.errors import JavaError
from gapless.local.velocity.java import Char
from gapless.local.velocity.text import java_text

_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d{1,4})?(?:\.(\d{1,3}))?([a-zA-Z%])")


def java_format(pattern: str, values: list[Any]) -> str:
    """`String.format(pattern, values...)`.

    Raises JavaError for an unknown conversion, a missing argument or one of the wrong kind.
    """
    taken = 0

    def formatted(found: re.Match[str]) -> str:
        nonlocal taken
        position, flags, width, precision, conversion = found.groups()
        if conversion in "n%":
            return _padded("\n" if conversion == "n" else "%", flags, width)
        if position is None:
            taken += 1
        index = int(position) - 1 if position else taken - 1
        if not 0 <= index < len(values):
            raise JavaError(f"MissingFormatArgumentException: no argument for '{found[0]}'")
        text = _converted(values[index], conversion, flags, None if precision is None else int(precision), found[0])
        if "0" in flags and width and conversion in "dxXofe":
            sign = text[:1] if text[:1] in "+- (" else ""
            return sign + text[len(sign) :].rjust(int(width) - len(sign), "0")
        return _padded(text, flags, width)

    rest = _SPECIFIER.sub("", pattern)
    if "%" in rest:
        raise JavaError(f"UnknownFormatConversionException: a '%' in {pattern!r} begins no conversion; write %% for %")
    return _SPECIFIER.sub(formatted, pattern)


def _padded(text: str, flags: str, width: str | None) -> str:
    size = int(width or 0)
    return text.ljust(size) if "-" in flags else text.rjust(size)


def _converted(value: Any, conversion: str, flags: str, precision: int | None, specifier: str) -> str:
    lower = conversion.lower()
    if lower == "b":
        text = "false" if value is None or value is False else "true"
    elif lower == "s" or value is None:
        text = java_text(value)
    elif lower == "c" and (type(value) is Char or (type(value) is int and 0 <= value <= 0x10FFFF)):
        return value if isinstance(value, str) else chr(value)
    elif conversion == "d" and type(value) is int:
        return _signed(value, format(abs(value), "," if "," in flags else ""), flags)
    elif lower in ("x", "o") and type(value) is int:
        unsigned = value if value >= 0 else value + (1 << (32 if value >= -(2**31) else 64))
        text = format(unsigned, lower)
        return text.upper() if conversion == "X" else text
    elif conversion in ("f", "e") and type(value) in (float, Decimal):
        return _signed(value, _decimal(abs(value), conversion, 6 if precision is None else precision, flags), flags)
    else:
        raise JavaError(f"IllegalFormatConversionException: {specifier} cannot show {java_text(value)}")
    text = text if precision is None else text[:precision]
    return text.upper() if conversion.isupper() else text


def _decimal(value: float | Decimal, conversion: str, precision: int, flags: str) -> str:
    if conversion == "e":
        return format(value, f".{precision}e")
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    rounded = exact.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_UP)
    return format(rounded, ",f" if "," in flags else "f")


def _signed(value: float | Decimal, magnitude: str, flags: str) -> str:
    if value < 0:
        return f"({magnitude})" if "(" in flags else f"-{magnitude}"
    return f"+{magnitude}" if "+" in flags else f" {magnitude}" if " " in flags else magnitude
