"""Reads a SAM template: includes, parameters, conditions and functions resolved to names on this machine."""

from gapless.local.template.errors import Node, TemplateError
from gapless.local.template.loader import Resource, Template, load
from gapless.local.template.references import Site
from gapless.local.template.samconfig import samconfig_parameters

__all__ = ["Node", "Resource", "Site", "Template", "TemplateError", "load", "samconfig_parameters"]
