"""The shipped template breaks no rule, whatever is chosen; and a template that does is caught."""

import pytest

from tests.template import (
    alarm_breaches,
    alarm_rules,
    api_breaches,
    api_rules,
    dashboard_breaches,
    dashboard_rules,
    data_rules,
    deployment_breaches,
    deployment_rules,
    function_breaches,
    function_rules,
    query_breaches,
    query_rules,
    resource_breaches,
    role_rules,
    security_breaches,
    security_rules,
    text_rules,
)
from tests.template.declared import CHOICES, Stack, read_stack
from tests.template.planting import Plant, Rule

RULES: tuple[Rule, ...] = (
    *alarm_rules.RULES,
    *api_rules.RULES,
    *dashboard_rules.RULES,
    *data_rules.RULES,
    *deployment_rules.RULES,
    *function_rules.RULES,
    *query_rules.RULES,
    *role_rules.RULES,
    *security_rules.RULES,
    *text_rules.RULES,
)
PLANTED = (
    *alarm_breaches.PLANTED,
    *api_breaches.PLANTED,
    *dashboard_breaches.PLANTED,
    *deployment_breaches.PLANTED,
    *function_breaches.PLANTED,
    *query_breaches.PLANTED,
    *resource_breaches.PLANTED,
    *security_breaches.PLANTED,
)


@pytest.fixture(scope="module", params=CHOICES, ids=lambda choice: "-".join(map("=".join, choice.items())))
def stack(request: pytest.FixtureRequest) -> Stack:
    return read_stack(request.param)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_the_rule(stack: Stack, rule: Rule) -> None:
    assert list(rule(stack)) == []


@pytest.mark.parametrize(("rule", "plant"), PLANTED, ids=lambda one: one.__name__)
def test_breach_is_caught(stack: Stack, rule: Rule, plant: Plant) -> None:
    broken = stack.copy()
    plant(broken)
    assert list(rule(broken)) != []


def test_every_rule_has_a_planted_breach() -> None:
    assert {rule.__name__ for rule in RULES} == {rule.__name__ for rule, _ in PLANTED}


@pytest.mark.parametrize("line", ["boto3", "boto3>=1.40", "boto3~=1.40", "boto3==1.40,<2", "git+https://example.com/x"])
def test_open_requirement_is_caught(line: str) -> None:
    assert list(function_rules.unpinned(f"# fine\npackage[extra]==1.2.3\n{line}\n")) != []
