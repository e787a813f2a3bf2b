"""What guards the stack beside its roles: keys, and that a choice takes effect. Rules yield the breaches they find."""

from collections.abc import Iterator
from typing import Any

from tests.template.declared import Stack


def everything_stored_has_the_key_that_was_chosen(stack: Stack) -> Iterator[str]:
    """The one given as KmsKeyArn, or without it AWS's own; nothing that is stored is left out."""
    key = stack.parameters["KmsKeyArn"] or None
    of_table = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"SSEEnabled": False}
    expected: dict[str, dict[str, Any]] = {
        "AWS::DynamoDB::Table": {"SSESpecification": of_table},
        "AWS::SQS::Queue": {"KmsMasterKeyId": key, "SqsManagedSseEnabled": key is None},
        "AWS::SNS::Topic": {"KmsMasterKeyId": key},
        "AWS::Logs::LogGroup": {"KmsKeyId": key},
        "AWS::Serverless::Function": {"KmsKeyArn": key},
    }
    for type_, settings in expected.items():
        for name, properties in stack.of_type(type_):
            for setting, value in settings.items():
                if properties.get(setting) != value:
                    yield f"{name} has {setting} {properties.get(setting)}, not {value}"


def choices_reach_the_stage(stack: Stack) -> Iterator[str]:
    """SAM redeploys a stage when the text of its API changes, and a parameter does not change it: without AlwaysDeploy
    an update from NONE to AWS_IAM leaves the stage as open as it was.

    https://github.com/aws/serverless-application-model/issues/914
    """
    if stack.api.get("AlwaysDeploy") is not True:
        yield "the stage is not deployed again when a parameter changes"


RULES = (
    everything_stored_has_the_key_that_was_chosen,
    choices_reach_the_stage,
)
