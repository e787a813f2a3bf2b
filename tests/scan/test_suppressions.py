"""What is suppressed has its reason beside it, and what suppresses nothing is told."""

from pathlib import Path

import pytest

from tests.scan.__main__ import TEMPLATE_SCANNERS, templates
from tests.scan.findings import Finding, Suppression, judge
from tests.scan.running import ROOT, tracked_files
from tests.scan.suppressions import ON_LINES, line_suppressions, template_suppressions

TEMPLATE = """
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Metadata:
      checkov: {skip: [{id: CKV_AWS_27, comment: it is empty}]}
      cfn-lint:
        config:
          ignore_checks:
            - ES6000  # it is the last
      guard:
        SuppressedRules:
          - CT.SQS.PR.1
    Properties:
      QueueName: !Sub ${AWS::StackName}-queue
"""


@pytest.mark.parametrize("tool", TEMPLATE_SCANNERS)
def test_every_suppression_of_the_template_has_a_reason(tool: str) -> None:
    accepted = [one for template in templates(ROOT) for one in template_suppressions(template, tool)]
    assert [f"{one.at}: {one.rule}" for one in accepted if not one.reason] == []


@pytest.mark.parametrize("tool", ON_LINES)
def test_every_suppression_of_a_line_has_a_reason(tool: str) -> None:
    files = [path for path in tracked_files(ROOT) if path.suffix in (".py", ".yml", ".yaml")]
    assert [one.at for one in line_suppressions(ROOT, files, tool) if not one.reason] == []


@pytest.mark.parametrize(
    ("tool", "rule", "reason"),
    [
        ("checkov", "CKV_AWS_27", "it is empty"),
        ("cfn-lint", "ES6000", "it is the last"),
        ("cfn-guard", "CT.SQS.PR.1", ""),
    ],
)
def test_each_form_is_read(tmp_path: Path, tool: str, rule: str, reason: str) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (one,) = template_suppressions(tmp_path / "template.yaml", tool)
    assert (one.rule, one.where, one.reason) == (rule, "Queue", reason)


@pytest.mark.parametrize(
    ("tool", "line", "expected"),
    [
        ("bandit", "roll()  # noqa: S311 - a game", [("B311", "a game")]),
        ("bandit", "roll()  # nosec B311, B404 - a game", [("B311", "a game"), ("B404", "a game")]),
        ("bandit", "roll()  # noqa: " + "S311", [("B311", "")]),
        ("bandit", "roll()  # noqa: PT012 - a loop", []),
        ("detect-secrets", "key: " + "# pragma: allowlist" + " secret - a name", [("secret", "a name")]),
        ("zizmor", "uses: x # zizmor: " + "ignore[unpinned-uses] - ours", [("unpinned-uses", "ours")]),
    ],
)
def test_each_comment_is_read(tmp_path: Path, tool: str, line: str, expected: list[tuple[str, str]]) -> None:
    (tmp_path / "a.py").write_text(f"\n{line}\n")
    found = list(line_suppressions(tmp_path, [tmp_path / "a.py"], tool))
    assert [(one.rule, one.reason) for one in found] == expected
    assert {one.where for one in found} <= {"a.py:2"}


def test_what_is_accepted_is_no_finding() -> None:
    verdict = judge("tool", [Finding("R1", "Queue", "?")], [Suppression("R1", "Queue", "why", "t:1")])
    assert (verdict.passed, verdict.findings, len(verdict.suppressed)) == (True, [], 1)


@pytest.mark.parametrize(
    ("found", "accepted"),
    [
        ([Finding("R1", "Queue", "?")], []),
        ([Finding("R1", "Queue", "?")], [Suppression("R1", "Topic", "why", "t:1")]),
        ([Finding("R1", "Queue", "?")], [Suppression("R1", "Queue", "", "t:1")]),
        ([], [Suppression("R1", "Queue", "it was so once", "t:1")]),
    ],
    ids=["not accepted", "accepted elsewhere", "without a reason", "of nothing"],
)
def test_what_has_to_be_done_is_told(found: list[Finding], accepted: list[Suppression]) -> None:
    assert not judge("tool", found, accepted).passed
