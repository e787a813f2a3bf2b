"""What guards the stack beside its roles: keys, and that a choice takes effect. Rules yield the breaches they find."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.template.declared import Stack
from tests.template.resource_policy import Call, decide

LIMITS = ("AllowedCidrs", "AllowedVpcEndpoints")
ENTRIES = ("vpce-0123456789abcdef0", "vpce-0123456789abcdef1", "vpce-0123456789abcdef2", None)  # the last two strange


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


def policy_lets_in_whom_it_should(stack: Stack) -> Iterator[str]:
    """Under AWS_IAM it never lets a call in that no policy of the caller allows: of a signed one it says just that the
    account may decide. Otherwise it alone decides. Whatever else it says, other networks and endpoints stay out."""
    networks, endpoints = ([one for one in stack.parameters[name] if one] for name in LIMITS)
    inside, outside = ("192.0.2.7", "2001:db8::7"), ("198.51.100.7", "2001:db9::7")
    address = "aws:VpcSourceIp" if endpoints else "aws:SourceIp"
    for of_account, method, ip, endpoint in product((True, False), ("PUT", "GET"), inside + outside, ENTRIES):
        call = Call(of_account, method, {address: ip} | ({"aws:SourceVpce": endpoint} if endpoint else {}))
        limited = (networks and ip in outside) or (endpoints and endpoint not in endpoints)
        admitted = "Allow" if of_account or stack.parameters["Authorization"] != "AWS_IAM" else None
        if decide(stack.api["Policy"], call) != (expected := "Deny" if limited else admitted):
            yield f"the policy says {decide(stack.api['Policy'], call)} to {call}, not {expected}"


def endpoint_is_as_private_as_was_chosen(stack: Stack) -> Iterator[str]:
    """A regional endpoint is never called through a VPC endpoint: whoever names one means a private API.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html
    """
    endpoints = [one for one in stack.parameters["AllowedVpcEndpoints"] if one]
    expected = {"Type": "PRIVATE", "VPCEndpointIds": endpoints} if endpoints else {"Type": "REGIONAL"}
    if stack.api.get("EndpointConfiguration") != expected:
        yield f"the endpoint is {stack.api.get('EndpointConfiguration')}, not {expected}"


def firewall_stands_before_the_stage(stack: Stack) -> Iterator[str]:
    """The web ACL that was chosen, before the one stage there is."""
    stage = "arn:aws:apigateway:us-east-1::/restapis/local/stages/v1"
    acl = stack.parameters["WebAclArn"]
    expected = [{"WebACLArn": acl, "ResourceArn": stage}] if acl else []
    found = [properties for _, properties in stack.of_type("AWS::WAFv2::WebACLAssociation")]
    if found != expected:
        yield f"the web ACLs are {found}, not {expected}"


def choices_reach_the_stage(stack: Stack) -> Iterator[str]:
    """SAM redeploys a stage when the text of its API changes, and a parameter does not change it: without AlwaysDeploy
    an update from NONE to AWS_IAM leaves the stage as open as it was.

    https://github.com/aws/serverless-application-model/issues/914
    """
    if stack.api.get("AlwaysDeploy") is not True:
        yield "the stage is not deployed again when a parameter changes"


RULES = (
    policy_lets_in_whom_it_should,
    endpoint_is_as_private_as_was_chosen,
    firewall_stands_before_the_stage,
    everything_stored_has_the_key_that_was_chosen,
    choices_reach_the_stage,
)
