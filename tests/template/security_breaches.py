"""Breaches of what guards the stack."""

from tests.template import role_rules, security_rules
from tests.template.declared import KEY, Stack
from tests.template.planting import Planted, breaks
from tests.template.resource_breaches import allow

PLANTED: Planted = []


@breaks(security_rules.everything_stored_has_the_key_that_was_chosen, PLANTED)
def table_with_another_key(stack: Stack) -> None:
    stack.properties("JournalTable")["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS"}


@breaks(security_rules.everything_stored_has_the_key_that_was_chosen, PLANTED)
def queue_in_the_clear(stack: Stack) -> None:
    for setting in ("KmsMasterKeyId", "SqsManagedSseEnabled"):
        stack.properties("FailureQueue").pop(setting, None)


@breaks(security_rules.everything_stored_has_the_key_that_was_chosen, PLANTED)
def log_with_a_key_of_its_own(stack: Stack) -> None:
    stack.properties("ApiLogs")["KmsKeyId"] = KEY.replace("1234abcd", "ffffffff")


@breaks(security_rules.everything_stored_has_the_key_that_was_chosen, PLANTED)
def function_with_a_key_of_its_own(stack: Stack) -> None:
    stack.properties("Sweeper")["KmsKeyArn"] = KEY.replace("1234abcd", "ffffffff")


@breaks(security_rules.choices_reach_the_stage, PLANTED)
def stage_that_keeps_the_old_choice(stack: Stack) -> None:
    del stack.api["AlwaysDeploy"]


@breaks(role_rules.keys_are_used_through_services_only, PLANTED)
def key_to_be_used_directly(stack: Stack) -> None:
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
    stack.properties("ProcessorRole")["Policies"][-1]["PolicyDocument"]["Statement"] = [statement]


@breaks(role_rules.keys_are_used_through_services_only, PLANTED)
def key_through_any_service(stack: Stack) -> None:
    condition = {"StringLike": {"kms:ViaService": ["*.us-east-1.amazonaws.com"]}}
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, "Condition": condition}
    stack.properties("ApiRole")["Policies"][-1]["PolicyDocument"]["Statement"] = [statement]


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def any_key_of_the_account(stack: Stack) -> None:
    allow(stack, "TicketRole" if "TicketRole" in stack.resources else "SweeperRole", "kms:Decrypt", "*")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def role_that_gives_the_key_on(stack: Stack) -> None:
    allow(stack, "ApiRole", "kms:CreateGrant", KEY)
