"""How these tests render a template."""

from typing import Any

from gapless.local.velocity import Call, Template


def render(template: str, **call: Any) -> str:
    """Parse and render a template; keyword arguments are those of Call."""
    return Template.parse(template).render(Call(**call))
