"""What is accepted although a scanner objects, read from where it is written: beside the resource, or on the line.

In the template each scanner has its own form, so that editors and pipelines that run it alone follow it too:

    Metadata:
      checkov: {skip: [{id: CKV_AWS_116, comment: why}]}
      cfn-lint:
        config:
          ignore_checks:
            - ES1007  # why
      guard:
        SuppressedRules:
          - CT.LAMBDA.PR.3  # why

The Control Tower rules look for no suppression at all, so the last is applied here; its form is that of AWS's other
rules: https://github.com/aws-cloudformation/aws-guard-rules-registry#how-to-suppress-rules

In code bandit goes by ruff, whose rules S... are bandit's under the same numbers: `# noqa: S311 - why`. For what bandit
alone sees there is `# nosec B404 - why`. Words that only look like secrets have their `pragma: allowlist secret - why`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.scan.findings import Suppression

PLACES = {
    "cfn-lint": ("cfn-lint", "config", "ignore_checks"),
    "checkov": ("checkov", "skip"),
    "cfn-guard": ("guard", "SuppressedRules"),
}
KEYS = {path[0] for path in PLACES.values()}
ON_LINES = {
    "bandit": re.compile(r"# (?:noqa: (?=S)|nosec (?=B))(?P<rules>[SB]\d+(?:, ?[SB]\d+)*)(?: - (?P<reason>\S.*))?"),
    "detect-secrets": re.compile(r"# pragma: allowlist (?P<rules>secret)(?: - (?P<reason>\S.*))?"),
    "zizmor": re.compile(r"# zizmor: ignore\[(?P<rules>[a-z, -]+)\](?: - (?P<reason>\S.*))?"),
}


def template_suppressions(path: Path, tool: str) -> Iterator[Suppression]:
    """What a template's resources accept of one scanner."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    for logical_id, resource in _items(_find(document, "Resources")):
        for node in _sequence(_find(resource, "Metadata", *PLACES[tool])):
            line = node.start_mark.line
            if isinstance(node, yaml.MappingNode):
                said = {key: str(value.value) for key, value in _items(node)}
                rule, reason = said.get("id", ""), said.get("comment", "")
            else:
                rule, reason = str(node.value), lines[line].partition(" # ")[2].strip()
            yield Suppression(rule, logical_id, reason, f"{path.name}:{line + 1}")


def line_suppressions(root: Path, files: list[Path], tool: str) -> Iterator[Suppression]:
    """What single lines of files accept of one scanner; the rule of `noqa: S311` is bandit's B311."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # no text, and so no line with a comment
        for number, line in enumerate(text.splitlines(), 1):
            if not (said := ON_LINES[tool].search(line)):
                continue
            where = f"{file.relative_to(root)}:{number}"
            for rule in said["rules"].split(","):
                twin = re.sub(r"^S(?=\d)", "B", rule.strip())
                yield Suppression(twin, where, (said["reason"] or "").strip(), where)


def _items(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """The keys and values of a mapping; none of anything else."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value


def _sequence(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _find(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """What lies at a path of keys."""
    for key in path:
        node = dict(_items(node)).get(key)
    return node
