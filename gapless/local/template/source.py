"""The template as text: YAML with CloudFormation's short tags, and AWS::Include put in place."""

from pathlib import Path
from typing import Any

import yaml

from gapless.local.template.errors import Node, TemplateError

PLAIN_TAGS = {"Ref": "Ref", "Condition": "Condition"}  # every other short tag is `Fn::` and its own name


# libyaml's parser where PyYAML has it, ten times as fast as the one in Python.
_FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _SnippetLoader(_FastLoader):  # type: ignore[misc,valid-type]
    """YAML as CloudFormation reads it: dates are text, keys too, and no key may stand twice."""


class _TemplateLoader(_SnippetLoader):
    """The same with short tags. What AWS::Include includes cannot have them: the transform writes functions out.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
    """


# CloudFormation has no dates: `Version: 2012-10-17` is text.
_SnippetLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _construct_mapping(loader: _SnippetLoader, node: yaml.MappingNode) -> dict[str, Any]:
    """Build a mapping with text keys; a key that stands twice is an error."""
    seen = set()
    for key_node, _ in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in seen:
            problem = "a key must be text" if key is None else f"the key {key!r} stands here for the second time"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)  # `<<`: what it brings stands first, so that the mapping's own keys win
    # JSON has no other keys than text: `200:` is "200", as it is written.
    return {key_node.value: loader.construct_object(value_node, deep=True) for key_node, value_node in node.value}


def _construct_short_tag(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Write a short tag such as `!Sub x` out as `{Fn::Sub: x}`."""
    name = PLAIN_TAGS.get(suffix, f"Fn::{suffix}")
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: str(text).split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: _construct_mapping(loader, node)}
    raise AssertionError(f"YAML knows no other node: {node}")


def _refuse_short_tag(loader: _SnippetLoader, suffix: str, node: yaml.Node) -> None:
    problem = f"an included file has no short tags: write !{suffix} in its long form"
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_SnippetLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)
_SnippetLoader.add_multi_constructor("!", _refuse_short_tag)
_TemplateLoader.add_multi_constructor("!", _construct_short_tag)


SECTIONS = {
    *("AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Globals"),
    *("Parameters", "Mappings", "Conditions", "Resources", "Outputs"),
}


def read(path: Path) -> dict[str, Any]:
    """Read a template, with every AWS::Include in it replaced by the file it names.

    path: the template; Locations are relative to its folder.
    Raises TemplateError for a missing file, for YAML that does not parse (with line and column), for a bad include.
    """
    template = _parse(path, path.name, _TemplateLoader)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(f"{path}: a template is a mapping with a Resources section; this file has none")
    for section in template:
        if section not in SECTIONS:
            raise TemplateError(f"{path}: the section {section} is not supported on the local stack")
    included: dict[str, Node] = _include(template, "", path.parent, (path.resolve(),))
    return included


def _parse(path: Path, place: str, loader: type[_SnippetLoader]) -> Node:
    """Read a file as YAML; raises TemplateError with line and column."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{place}: cannot read {path}: {error}") from error
    try:
        # S506 does not know that our loaders are SafeLoaders, which build nothing but plain data.
        return yaml.load(text, Loader=loader)  # noqa: S506 - loaders of plain data
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise TemplateError(f"{path}, {where}: {error.problem or error}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"{path}: {error}") from error


def _include(node: Node, place: str, directory: Path, within: tuple[Path, ...]) -> Node:
    """Replace every AWS::Include in a tree; within: the files being read, to notice a circle."""
    if isinstance(node, list):
        return [_include(value, f"{place}[{index}]", directory, within) for index, value in enumerate(node)]
    if not isinstance(node, dict):
        return node
    tree = {
        key: _include(value, f"{place}.{key}".lstrip("."), directory, within)
        for key, value in node.items()
        if key != "Fn::Transform"
    }
    if "Fn::Transform" not in node:
        return tree
    location = _location(node["Fn::Transform"], place)
    snippet = _snippet(location, place, directory, within)
    if not tree:
        return snippet
    if not isinstance(snippet, dict):
        raise TemplateError(f"{place}: {location} is included beside other keys, so it must be a mapping")
    return {**tree, **snippet}


def _location(transform: Node, place: str) -> str:
    """The path an AWS::Include names; raises TemplateError for any other macro."""
    parameters = transform.get("Parameters") if isinstance(transform, dict) else None
    if not isinstance(parameters, dict) or transform.get("Name") != "AWS::Include":
        raise TemplateError(f"{place}: macros other than AWS::Include are not supported on the local stack")
    location = parameters.get("Location")
    if not isinstance(location, str) or "://" in location:
        raise TemplateError(
            f"{place}: the Location of AWS::Include must be a path relative to the template, not {location!r}"
        )
    return location


def _snippet(location: str, place: str, directory: Path, within: tuple[Path, ...]) -> Node:
    path = (directory / location).resolve()
    if not path.is_file():
        raise TemplateError(f"{place}: AWS::Include names {location}, and there is no such file in {directory}")
    if path in within:
        raise TemplateError(f"{place}: {location} includes itself")
    return _include(_parse(path, place, _SnippetLoader), place, directory, (*within, path))
