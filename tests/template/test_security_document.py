"""docs/security.md says what is true of the template."""

import json
import re
from typing import Any

import pytest

from tests.template import security_rules
from tests.template.declared import KEY, ROOT, Stack, read_stack

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
# The services that use a key in their own name, and not for the role that calls them.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
IN_THEIR_OWN_NAME = {
    "AWS::Logs::LogGroup": "logs.us-east-1.amazonaws.com",
    "AWS::SNS::Topic": "cloudwatch.amazonaws.com",
}


REFERENCE = re.compile(r"`(\w+)::(\w+)`")


@pytest.fixture(scope="module")
def stack() -> Stack:
    return read_stack({"KmsKeyArn": KEY})


@pytest.fixture(scope="module")
def key_policy() -> list[dict[str, Any]]:
    (text,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


def test_key_policy_lets_in_the_services_that_need_it(stack: Stack, key_policy: list[dict[str, Any]]) -> None:
    there = {resource.type for resource in stack.resources.values()}
    needed = {service for type_, service in IN_THEIR_OWN_NAME.items() if type_ in there}
    let_in = {one["Principal"]["Service"] for one in key_policy if "Service" in one["Principal"]}
    assert needed <= let_in <= set(IN_THEIR_OWN_NAME.values())


def test_key_policy_lets_no_service_in_for_others(key_policy: list[dict[str, Any]]) -> None:
    for statement in key_policy:
        if "Service" in statement["Principal"]:
            assert "111122223333" in json.dumps(statement["Condition"])
        else:
            assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}


def test_every_threat_is_stopped_by_something_that_is_tested_or_said_to_be_open() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 25
    assert [row for row in rows if "**" not in row and not REFERENCE.search(row)] == []


def test_every_test_and_rule_named_is_there() -> None:
    for module, name in REFERENCE.findall(DOCUMENT):
        files = list((ROOT / "tests").rglob(f"{module}.py"))
        assert any(f"def {name}(" in file.read_text(encoding="utf-8") for file in files), f"{module}::{name}"


def test_every_rule_about_security_is_named() -> None:
    named = {name for module, name in REFERENCE.findall(DOCUMENT) if module == "security_rules"}
    assert named >= {rule.__name__ for rule in security_rules.RULES}


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)(?:#([\w-]+))?\)", DOCUMENT))
def test_links_lead_somewhere(link: tuple[str, str]) -> None:
    file, anchor = link
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    headings = re.findall("^#+ (.*)", text, re.MULTILINE)
    assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}
