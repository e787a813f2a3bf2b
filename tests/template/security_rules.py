"""What guards the stack beside its roles: keys, and that a choice takes effect. Rules yield the breaches they find."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.template.api_rules import mapping_templates
from tests.template.declared import Stack
from tests.template.resource_policy import Call, decide

METHODS = ("PUT", "GET", "OPTIONS")
LIMITS = ("AllowedCidrs", "AllowedVpcEndpoints")
ENTRIES = ("vpce-0123456789abcdef0", "vpce-0123456789abcdef1", "vpce-0123456789abcdef2", None)  # the last two strange

EVENT_LOGS = {"POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV"}
LOGGED = {
    "context.requestId",  # the caller may choose it; extendedRequestId is API Gateway's own
    *("context.extendedRequestId", "context.requestTime", "context.httpMethod", "context.resourcePath"),
    *("context.status", "context.responseLatency", "context.error.responseType"),
    *("context.integration.status", "context.integration.latency", "context.integration.error"),
}
SAYS_WHO_MAY_READ = (
    '#if("$!stageVariables.corsOrigin" != "")\n'
    "#set($context.responseOverride.header.Access-Control-Allow-Origin = $stageVariables.corsOrigin)\n"
)


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
    for of_account, method, ip, endpoint in product((True, False), METHODS, inside + outside, ENTRIES):
        call = Call(of_account, method, {address: ip} | ({"aws:SourceVpce": endpoint} if endpoint else {}))
        limited = (networks and ip in outside) or (endpoints and endpoint not in endpoints)
        preflight = method == "OPTIONS" and stack.parameters["CorsOrigin"]
        open_to_all = preflight or stack.parameters["Authorization"] != "AWS_IAM"
        admitted = "Allow" if of_account or open_to_all else None
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


def pages_of_the_origin_and_no_others_may_call(stack: Stack) -> Iterator[str]:
    """Each path has its preflight and each answer its header, refusals too, or a page never learns what went wrong."""
    origin = stack.parameters["CorsOrigin"]
    header = f"'{origin}'" if origin else None
    for path, methods in stack.definition["paths"].items():
        preflight = methods.get("options", {}).get("x-amazon-apigateway-integration", {}).get("responses", {})
        answer = preflight.get("default", {}).get("responseParameters", {})
        if answer.get("method.response.header.Access-Control-Allow-Origin") != header:
            yield f"the preflight of {path} says {answer}"
        allowed = answer.get("method.response.header.Access-Control-Allow-Methods", "")
        if answer and not methods.keys() <= {"options", *re.findall(r"\w+", allowed.lower())}:
            yield f"the preflight of {path} allows {allowed}"
    for kind, look in stack.definition["x-amazon-apigateway-gateway-responses"].items():
        if look["responseParameters"].get("gatewayresponse.header.Access-Control-Allow-Origin") != header:
            yield f"{kind} does not say that {origin or 'no origin'} may read it"
    for name, text in mapping_templates(stack):
        if ", response " in name and not text.startswith(SAYS_WHO_MAY_READ):
            yield f"{name} does not say who may read it"
    if stack.api["Variables"].get("corsOrigin", "") != origin:
        yield f"the stage lets {stack.api['Variables'].get('corsOrigin')} in, not {origin}"


def firewall_stands_before_the_stage(stack: Stack) -> Iterator[str]:
    """The web ACL that was chosen, before the one stage there is."""
    stage = "arn:aws:apigateway:us-east-1::/restapis/local/stages/v1"
    acl = stack.parameters["WebAclArn"]
    expected = [{"WebACLArn": acl, "ResourceArn": stage}] if acl else []
    found = [properties for _, properties in stack.of_type("AWS::WAFv2::WebACLAssociation")]
    if found != expected:
        yield f"the web ACLs are {found}, not {expected}"


def logs_hold_no_bodies(stack: Stack) -> Iterator[str]:
    """API Gateway's execution log and Powertools' event log would, and who reads logs need not see requests."""
    for setting in stack.api["MethodSettings"]:
        if setting.get("DataTraceEnabled") or setting.get("LoggingLevel", "OFF") != "OFF":
            yield f"API Gateway logs what {setting['HttpMethod']} {setting['ResourcePath']} carries"
    for name, function in stack.of_type("AWS::Serverless::Function"):
        for variable in EVENT_LOGS & function["Environment"]["Variables"].keys():
            yield f"{name} logs its events by {variable}"


def access_log_holds_little_that_callers_write(stack: Stack) -> Iterator[str]:
    """Nothing of the body, the query, the path's parameters or the headers, but the id that a caller may choose."""
    for variable in re.findall(r"\$([\w.]+)", stack.api.get("AccessLogSetting", {}).get("Format", "")):
        if variable not in LOGGED:
            yield f"the access log holds ${variable}"


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
    pages_of_the_origin_and_no_others_may_call,
    firewall_stands_before_the_stage,
    everything_stored_has_the_key_that_was_chosen,
    logs_hold_no_bodies,
    access_log_holds_little_that_callers_write,
    choices_reach_the_stage,
)
