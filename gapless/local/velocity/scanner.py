"""A position in a template's text, and what can be taken from there."""

import re

from gapless.local.velocity.errors import Position, VelocityError

WHITESPACE = re.compile(r"[ \t\r\n]*")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")  # a hyphen belongs to the name: $a-b is one reference
WORD = re.compile(r"[A-Za-z_@][A-Za-z0-9_@]*")


class Scanner:
    """Reads `text` from left to right; `origin` is where the text begins in the template it was cut from."""

    def __init__(self, text: str, name: str, origin: Position) -> None:
        self.text = text
        self.name = name
        self.origin = origin
        self.at = 0

    @property
    def finished(self) -> bool:
        """Whether the text is at its end."""
        return self.at >= len(self.text)

    def looking_at(self, prefix: str) -> bool:
        """Whether `prefix` stands here."""
        return self.text.startswith(prefix, self.at)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match `pattern` here and move past it; None, without moving, when it does not match."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def take_text(self, literal: str) -> bool:
        """Move past `literal` if it stands here; whether it did."""
        if not self.looking_at(literal):
            return False
        self.at += len(literal)
        return True

    def skip_whitespace(self) -> None:
        """Move past blanks and line breaks."""
        self.take(WHITESPACE)

    def expect(self, literal: str, where: str) -> None:
        """Move past `literal`; raises VelocityError when it does not stand here, and `where` says what it is for."""
        if not self.take_text(literal):
            raise self.error(f"expected '{literal}' {where}, found {self.found()}")

    def position(self, at: int | None = None) -> Position:
        """Line and column in the template, of here or of an index into the text."""
        before = self.text[: self.at if at is None else at]
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        return Position(self.origin.line + line, column + (1 if line else self.origin.column))

    def found(self) -> str:
        """What stands here, for a message."""
        if self.finished:
            return "the end of the template"
        shown = self.text[self.at : self.at + 12].split("\n")[0].split("\r")[0]
        return repr(shown) if shown else "the end of the line"

    def error(self, what: str, at: int | None = None) -> VelocityError:
        """What is wrong, for raising; at: the index into the text, otherwise here."""
        return VelocityError(what, self.name, self.position(at))
