"""What the engine says when a template cannot be parsed or rendered."""

from typing import NamedTuple, Self


class Position(NamedTuple):
    """A place in a template; lines and columns count from 1."""

    line: int
    column: int


class VelocityError(Exception):
    """A template that cannot be parsed or rendered.

    `str()` is the message for people: template name, line and column where they are known, what was wrong, what to do.
    """

    def __init__(self, what: str, name: str | None = None, at: Position | None = None) -> None:
        self.what = what
        self.name = name
        self.at = at
        super().__init__(what)

    def __str__(self) -> str:
        place = [self.name or "template"] + ([str(self.at.line), str(self.at.column)] if self.at else [])
        return f"{':'.join(place)}: {self.what}"

    def located(self, name: str, at: Position | None = None) -> Self:
        """The same error with the template's name, and a position unless it already has one."""
        self.name = self.name or name
        self.at = self.at or at
        return self


class PayloadError(VelocityError):
    """The body is not parseable and the template asked for it. API Gateway answers 400 "Could not process payload"."""


class JavaError(Exception):
    """What would be a Java exception inside a method call; the caller adds the place in the template."""
