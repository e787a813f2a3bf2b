"""API Gateway's mapping templates: Apache Velocity 1.7 with $input, $util, $context and $stageVariables.

A template is parsed once (grammar, expressions), compiled to closures (rendering, evaluation) and rendered for each
request. Values are Java's (java, text, strings, containers, numbers, arithmetic), and a template calls only the Java
methods listed in those modules' tables (methods).
"""

from typing import Self

from gapless.local.velocity import numbers as numbers  # registers the number classes' methods
from gapless.local.velocity.errors import PayloadError, VelocityError
from gapless.local.velocity.gateway_variables import Call, variables
from gapless.local.velocity.grammar import parse
from gapless.local.velocity.rendering import Program, compile_document
from gapless.local.velocity.scope import BreakOut, Scope, StopRendering
from gapless.local.velocity.strings import encodable

__all__ = ["Call", "PayloadError", "Template", "VelocityError"]


class Template:
    """A mapping template, parsed and ready to render any number of times, from several threads at once."""

    def __init__(self, program: Program, name: str) -> None:
        self.program = program
        self.name = name

    @classmethod
    def parse(cls, text: str, name: str = "template") -> Self:
        """Parse a template. text: VTL; name: what messages call it, best its file.

        Raises VelocityError, with line and column, when the text is not a template.
        """
        try:
            return cls(compile_document(parse(text, name)), name)
        except RecursionError:
            raise VelocityError("the template nests too deeply to be parsed", name) from None

    def render(self, call: Call) -> str:
        """Render for one call, whose context takes the overrides the template sets.

        Raises PayloadError when the template asks for the body and it cannot be parsed, VelocityError when a method
        throws, an override is set twice or the template cannot go on.
        """
        parts: list[str] = []
        scope = Scope(variables(call), {}, dict(self.program.macros))
        try:
            self.program.body(scope, parts.append)
        except (StopRendering, BreakOut):
            pass  # #stop, or #break outside every loop: what was written so far is the result
        except VelocityError as problem:
            raise problem.located(self.name) from problem.__cause__
        except RecursionError:
            raise VelocityError("the template, or a value in it, nests too deeply to be rendered", self.name) from None
        except ArithmeticError as problem:
            raise VelocityError(f"a number is out of range: {problem}", self.name) from problem
        return encodable("".join(parts))
