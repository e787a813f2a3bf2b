"""What SAM's own transform makes of the template: nothing is added that was not asked for, and nothing is lost."""

from typing import Any

import pytest

from gapless.local.template.source import read
from tests.sam.running import ROOT
from tests.sam.transformed import transformed as transform

pytestmark = pytest.mark.everything


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    return read(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    return apply_transform()


def apply_transform(now: float | None = None) -> dict[str, Any]:
    """What SAM makes of the template; now: seconds since the epoch, where it matters."""
    pytest.importorskip("samtranslator", reason="needs aws-sam-cli: make test-all")
    with pytest.MonkeyPatch.context() as environment:
        if now is not None:
            environment.setattr("samtranslator.model.apigateway.time.time", lambda: now)
        return transform(read(ROOT / "template.yaml"))


def of_type(document: dict[str, Any], type_: str) -> dict[str, Any]:
    """Logical id -> resource."""
    return {name: one for name, one in document["Resources"].items() if one["Type"] == type_}


def test_security_of_every_method_is_kept(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    body = transformed["Resources"]["Api"]["Properties"]["Body"]
    assert body == written["Resources"]["Api"]["Properties"]["DefinitionBody"]


def test_who_may_reach_the_api_is_kept(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    api, made = (document["Resources"]["Api"]["Properties"] for document in (written, transformed))
    assert made["Policy"] == api["Policy"]
    endpoint = api["EndpointConfiguration"]
    assert made["EndpointConfiguration"] == {"Types": [endpoint["Type"]], "VpcEndpointIds": endpoint["VPCEndpointIds"]}
    firewall = transformed["Resources"]["WebAclAssociation"]["Properties"]["ResourceArn"]["Fn::Sub"]
    assert firewall[1] == {"Stage": {"Ref": "Apiv1Stage"}}


def test_every_update_deploys_the_stage() -> None:
    """The same text, as it is when only a parameter changes."""
    first, second = (of_type(apply_transform(now), "AWS::ApiGateway::Deployment") for now in (1.0, 2.0))
    assert first.keys().isdisjoint(second)


def test_no_role_is_added(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    roles = of_type(written, "AWS::IAM::Role")
    assert of_type(transformed, "AWS::IAM::Role") == roles


def test_no_setting_of_the_mappings_is_lost(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    mappings = of_type(transformed, "AWS::Lambda::EventSourceMapping")
    mapping, failures = mappings.pop("ProcessorRequests"), mappings.pop("SweeperFailures")
    assert not mappings
    expected = dict(written["Resources"]["Processor"]["Properties"]["Events"]["Requests"]["Properties"])
    expected["EventSourceArn"] = expected.pop("Stream")
    expected["FunctionName"] = {"Ref": "ProcessorAliaslive"}
    # SAM's `Type` says which permission it would add to a role that it makes; here it makes none.
    expected["DestinationConfig"] = {"OnFailure": {"Destination": {"Fn::GetAtt": ["FailureQueue", "Arn"]}}}
    assert mapping["Properties"] == expected
    expected = dict(written["Resources"]["Sweeper"]["Properties"]["Events"]["Failures"]["Properties"])
    expected["EventSourceArn"] = expected.pop("Queue")
    expected["FunctionName"] = {"Ref": "Sweeper"}
    assert failures["Properties"] == expected


def test_alias_moves_to_each_new_version_as_it_was_chosen(transformed: dict[str, Any]) -> None:
    """SAM finds no new version in a new value of a parameter, which is why its description says all of them."""
    (alias,) = of_type(transformed, "AWS::Lambda::Alias").values()
    ((version_id, version),) = of_type(transformed, "AWS::Lambda::Version").items()
    assert alias["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [version_id, "Version"]}
    chosen = {"LogLevel": "DEBUG", "Deployment": "Canary10Percent5Minutes"}
    another = transform(read(ROOT / "template.yaml"), chosen)
    assert of_type(another, "AWS::Lambda::Version") == {version_id: version}
    assert "${LogLevel}" in version["Properties"]["Description"]["Fn::Sub"]
    (group,) = of_type(another, "AWS::CodeDeploy::DeploymentGroup").values()
    expected = ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Canary10Percent5Minutes"}]
    assert group["Properties"]["DeploymentConfigName"]["Fn::Sub"] == expected
    assert group["Properties"]["ServiceRoleArn"] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}


def test_version_that_is_deployed_is_the_one_that_is_watched(transformed: dict[str, Any]) -> None:
    (version_id,) = of_type(transformed, "AWS::Lambda::Version")
    (group,) = of_type(transformed, "AWS::CodeDeploy::DeploymentGroup").values()
    alarm = transformed["Resources"]["NewVersionErrorsAlarm"]["Properties"]
    assert group["Properties"]["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": "NewVersionErrorsAlarm"}}]
    assert {"Name": "ExecutedVersion", "Value": {"Fn::GetAtt": [version_id, "Version"]}} in alarm["Dimensions"]
    assert f"${{{version_id}.Version}}" in alarm["AlarmName"]["Fn::Sub"]


def test_schedule_may_call_the_sweeper(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    (rule,) = of_type(transformed, "AWS::Events::Rule").values()
    permission = transformed["Resources"]["SweeperSchedulePermission"]
    declared = written["Resources"]["Sweeper"]["Properties"]["Events"]["Schedule"]["Properties"]
    assert rule["Properties"]["ScheduleExpression"] == declared["Schedule"]
    assert [target["Arn"] for target in rule["Properties"]["Targets"]] == [{"Fn::GetAtt": ["Sweeper", "Arn"]}]
    assert permission["Properties"]["Principal"] == "events.amazonaws.com"
    assert permission["Properties"]["FunctionName"] == {"Ref": "Sweeper"}


def test_nobody_may_invoke_by_the_url_but_whom_the_template_lets(
    written: dict[str, Any], transformed: dict[str, Any]
) -> None:
    """SAM adds no permission of its own for an AuthType that is a parameter: those in the template are all."""
    ((name, url),) = of_type(transformed, "AWS::Lambda::Url").items()
    assert (name, url["Condition"]) == ("TicketUrl", "GivesTickets")
    assert url["Properties"] == {"AuthType": {"Ref": "Tickets"}, "TargetFunctionArn": {"Ref": "Ticket"}}
    permissions = of_type(transformed, "AWS::Lambda::Permission")
    del permissions["SweeperSchedulePermission"]
    assert permissions == of_type(written, "AWS::Lambda::Permission")
    assert {one["Condition"] for one in permissions.values()} == {"GivesTicketsToAll"}


def test_functions_have_what_they_share_and_their_own(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    shared = written["Globals"]["Function"]
    functions = of_type(transformed, "AWS::Lambda::Function")
    assert functions.keys() == of_type(written, "AWS::Serverless::Function").keys()
    for name, function in functions.items():
        own = written["Resources"][name]["Properties"].get("Environment", {}).get("Variables", {})
        assert own.keys().isdisjoint(shared["Environment"]["Variables"])
        assert function["Properties"]["Environment"]["Variables"] == shared["Environment"]["Variables"] | own
        assert function["Properties"]["TracingConfig"] == {"Mode": shared["Tracing"]}
        for setting in shared.keys() - {"Environment", "Tracing"}:
            assert function["Properties"][setting] == shared[setting]


def test_stage_and_tables_keep_what_guards_them(written: dict[str, Any], transformed: dict[str, Any]) -> None:
    (stage,) = of_type(transformed, "AWS::ApiGateway::Stage").values()
    api = written["Resources"]["Api"]["Properties"]
    for name in ("StageName", "Variables", "MethodSettings", "AccessLogSetting", "TracingEnabled"):
        assert stage["Properties"][name] == api[name]
    # On a fresh account: the API, then the account's logging role, then the stage, whose access log needs it.
    assert transformed["Resources"]["ApiLogging"]["DependsOn"] == "Api"
    assert {"Ref": "ApiLogging"} in stage["Properties"]["Tags"][0]["Value"]["Fn::If"]
    assert "Tags" not in transformed["Resources"]["Api"]["Properties"]
    assert of_type(transformed, "AWS::DynamoDB::Table") == of_type(written, "AWS::DynamoDB::Table")
