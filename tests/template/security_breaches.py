"""Breaches of what guards the stack."""

from gapless.local.template import Resource
from tests.template import role_rules, security_rules
from tests.template.declared import KEY, WEB_ACL, Stack
from tests.template.planting import Planted, breaks
from tests.template.resource_breaches import allow
from tests.template.resource_policy import ACCOUNT

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


@breaks(security_rules.policy_lets_in_whom_it_should, PLANTED)
def everybody_or_the_account_alone(stack: Stack) -> None:
    statement = stack.api["Policy"]["Statement"][0]
    statement["Principal"] = ACCOUNT if statement["Principal"] == "*" else "*"


@breaks(security_rules.policy_lets_in_whom_it_should, PLANTED)
def limits_forgotten_or_invented(stack: Stack) -> None:
    statements = stack.api["Policy"]["Statement"]
    invented = dict(statements[0], Effect="Deny", Condition={"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}})
    statements[1:] = [] if statements[1:] else [invented]


@breaks(security_rules.policy_lets_in_whom_it_should, PLANTED)
def limit_that_knows_no_private_addresses(stack: Stack) -> None:
    """Where nothing is limited by address, a limit by the one that calls do not have shuts everybody out."""
    limit = dict(stack.api["Policy"]["Statement"][0], Principal="*", Effect="Deny")
    limit["Condition"] = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}
    if stack.parameters["AllowedVpcEndpoints"] == [""]:
        limit["Condition"] = {"NotIpAddress": {"aws:VpcSourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}
    stack.api["Policy"]["Statement"].append(limit)


@breaks(security_rules.endpoint_is_as_private_as_was_chosen, PLANTED)
def endpoint_of_the_other_kind(stack: Stack) -> None:
    endpoint = stack.api["EndpointConfiguration"]
    endpoint["Type"] = "REGIONAL" if endpoint["Type"] == "PRIVATE" else "PRIVATE"


@breaks(security_rules.pages_of_the_origin_and_no_others_may_call, PLANTED)
def preflight_missing_or_not_asked_for(stack: Stack) -> None:
    answer = {"responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}
    preflight = {"x-amazon-apigateway-integration": {"requestTemplates": {}, "responses": {"default": answer}}}
    methods = stack.definition["paths"]["/requests"]
    if methods.pop("options", None) is None:
        methods["options"] = preflight


@breaks(security_rules.pages_of_the_origin_and_no_others_may_call, PLANTED)
def refusal_that_any_page_may_read(stack: Stack) -> None:
    look = stack.definition["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    look["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] = "'*'"


@breaks(security_rules.pages_of_the_origin_and_no_others_may_call, PLANTED)
def answer_that_no_page_may_read(stack: Stack) -> None:
    responses = stack.definition["paths"]["/health"]["get"]["x-amazon-apigateway-integration"]["responses"]
    responses["default"]["responseTemplates"]["application/json"] = '{"status": "ok"}'


@breaks(security_rules.pages_of_the_origin_and_no_others_may_call, PLANTED)
def origin_of_another(stack: Stack) -> None:
    stack.api["Variables"]["corsOrigin"] = "https://app.example.org"


@breaks(security_rules.firewall_stands_before_the_stage, PLANTED)
def firewall_before_another_stage(stack: Stack) -> None:
    properties = {"WebACLArn": WEB_ACL, "ResourceArn": "arn:aws:apigateway:us-east-1::/restapis/local/stages/v2"}
    stack.resources["WebAclAssociation"] = Resource(
        "WebAclAssociation", "AWS::WAFv2::WebACLAssociation", properties, "test-WebAclAssociation"
    )


@breaks(security_rules.logs_hold_no_bodies, PLANTED)
def api_that_logs_what_it_is_sent(stack: Stack) -> None:
    stack.api["MethodSettings"][0] |= {"LoggingLevel": "INFO", "DataTraceEnabled": True}


@breaks(security_rules.logs_hold_no_bodies, PLANTED)
def function_that_logs_its_events(stack: Stack) -> None:
    stack.properties("Processor")["Environment"]["Variables"]["POWERTOOLS_LOGGER_LOG_EVENT"] = "true"


@breaks(security_rules.access_log_holds_little_that_callers_write, PLANTED)
def log_of_what_callers_say_of_themselves(stack: Stack) -> None:
    stack.api["AccessLogSetting"]["Format"] += '{"agent":"$context.identity.userAgent","path":"$context.path"}'


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
