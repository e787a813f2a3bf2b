"""Bodies as API Gateway reads them: json-smart's permissive parser.

Well-formed JSON goes through Python's own parser. The rest is read as json-smart reads it: bare words, single quotes,
spare commas and text after the value are taken, and a body that begins as neither object, array nor string is one
string.
"""

import json
import re
from decimal import Decimal
from typing import Any

from gapless.local.velocity.errors import PayloadError

_WHITESPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_NUMBER_START = re.compile(r"[-0-9]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^ux]))|[\x00-\x1f\x7f]|\\", re.DOTALL)
_SIMPLE = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_WORDS = {"true": True, "false": False, "null": None, "NaN": float("nan")}
_LONGEST_DOUBLE = 18  # characters; json-smart reads longer decimals as BigDecimal


def parse_payload(text: str) -> Any:
    """The value of a body.

    Raises PayloadError when it begins like an object, array or string and is broken, or nests some hundreds deep.
    """
    try:
        # json-smart would also drop U+007F from strings with an escape in them. Whether API Gateway does is not on
        # record, and a request has to come back as it was sent.
        return json.loads(text, parse_float=_decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        pass
    try:
        return _Permissive(text).value("")
    except RecursionError:
        raise PayloadError("Could not process payload: it nests too deeply") from None


def _decimal(text: str) -> float | Decimal:
    return float(text) if len(text) <= _LONGEST_DOUBLE else Decimal(text)


def _refuse(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity are left to the permissive parser


class _Permissive:
    """Reads from `at` on; each method leaves `at` behind what it has read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self, stops: str) -> Any:
        """The value here; `stops` are the characters that end a bare one, none outside objects and arrays."""
        self._skip()
        first = self._peek()
        if first == "{":
            return self._object()
        if first == "[":
            return self._array()
        if first in ('"', "'"):
            return self._string()
        if first in (":", "}", "]"):
            raise self._error()
        return self._bare(stops)

    def _object(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        while True:
            self._skip()
            first = self._peek()
            if first == "}":
                self.at += 1
                return members
            if first == ",":
                self.at += 1
                continue
            if first in (":", "", "{", "[", "]"):
                raise self._error()
            key = self._string() if first in ('"', "'") else self._until(":")
            self._skip()
            if self._peek() != ":":
                raise self._error()
            self.at += 1
            members[key] = self.value(",}")
            self._skip()
            if self._peek() not in (",", "}"):
                raise self._error()

    def _array(self) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while True:
            self._skip()
            first = self._peek()
            if first == "]":
                self.at += 1
                return items
            if first == ",":
                self.at += 1
                continue
            if first in (":", "", "}"):
                raise self._error()
            items.append(self.value(",]"))
            self._skip()
            if self._peek() not in (",", "]"):
                raise self._error()

    def _string(self) -> str:
        quote = self._peek()
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self._error()
        inside = self.text[self.at + 1 : end]
        value = _ESCAPE.sub(self._unescaped, inside) if "\\" in inside else inside
        self.at = end + 1
        return value

    def _unescaped(self, found: re.Match[str]) -> str:
        """One escape; in a string that holds any, json-smart drops bare control characters."""
        if code := found[1] or found[2]:
            return chr(int(code, 16))
        if found[0] == "\\":
            raise self._error()
        return _SIMPLE.get(found[3] or "", "")

    def _bare(self, stops: str) -> Any:
        text = self._until(stops)
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.fullmatch(text) if _NUMBER_START.match(text) else None
        if not number:
            return text
        try:
            if number[1] is None and number[2] is None:
                return int(text) if text != "-" else 0
            return _decimal(text)
        except ValueError:
            return text

    def _until(self, stops: str) -> str:
        """The bare text up to one of the stops, without the blanks around it."""
        end = self.at
        while end < len(self.text) and self.text[end] not in stops:
            end += 1
        if stops and end == len(self.text):
            raise self._error(end)
        text = self.text[self.at : end].strip(" \t\r\n")
        self.at = end
        return text

    def _skip(self) -> None:
        found = _WHITESPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _error(self, at: int | None = None) -> PayloadError:
        at = self.at if at is None else at
        found = repr(self.text[at]) if at < len(self.text) else "the end"
        return PayloadError(f"Could not process payload: unexpected {found} at position {at} of the body")
