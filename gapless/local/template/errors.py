"""What every part of the reader knows: a piece of a template, and the one error of reading it."""

from typing import Any, TypeAlias

# A piece of a template as YAML gives it: text, number, boolean, null, list or mapping. It is taken apart by looking.
Node: TypeAlias = Any


class TemplateError(Exception):
    """The template, its parameters or samconfig.toml cannot be used: what is wrong, where, and what to do."""
