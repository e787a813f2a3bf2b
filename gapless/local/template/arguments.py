"""What a function of the template was given, checked."""

from gapless.local.template.errors import Node, TemplateError

NO_VALUE = object()  # AWS::NoValue: whatever holds it leaves it out


def items(argument: Node, least: int, most: int, place: str) -> list[Node]:
    """The arguments of a function that takes `least` to `most` of them; raises TemplateError for any other number."""
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise TemplateError(f"{place}: it takes a list of {wanted}, not {argument!r}")
    return argument


def a_list(value: Node, place: str) -> list[Node]:
    """The value, when it is a list; raises TemplateError otherwise."""
    if not isinstance(value, list):
        raise TemplateError(f"{place}: a list is needed here, not {value!r}")
    return value


def text(value: Node, place: str) -> str:
    """The value as text, `true` and `false` in lower case; raises TemplateError for what has no text."""
    if value is NO_VALUE or isinstance(value, dict | list) or value is None:
        shown = "AWS::NoValue" if value is NO_VALUE else repr(value)
        raise TemplateError(f"{place}: text is needed here, not {shown}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def same(left: Node, right: Node, place: str) -> bool:
    """Whether two values are equal to CloudFormation, which compares parameters as the text they were given as."""
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return bool(left == right)
    return text(left, place) == text(right, place)
