"""`sam deploy` of the built template, to ministack: everything that is declared is there, but for what ministack drops.

DROPPED says which facts ministack's CloudFormation does not bring about; it is held to that in both directions, so that
the list cannot grow stale.
"""

import json
import time

import pytest

from tests.sam.deployable import REFUSED, refused
from tests.sam.deployed import Deployed
from tests.sam.facts import EXPIRING, FACTS, METHODS, TABLES

pytestmark = pytest.mark.everything

SAM_TYPES = {"AWS::Serverless::Api": "AWS::ApiGateway::RestApi", "AWS::Serverless::Function": "AWS::Lambda::Function"}
OF_TABLES = "its CloudFormation creates a table without it; its UpdateTimeToLive and the like are never called"
OF_METHODS = "it reads type, httpMethod and uri of an integration in OpenAPI, and none of its other properties"
OF_STAGES = "it keeps the name, the deployment, the variables and the method settings of a stage"
DROPPED = {
    **{f"{name}: ttl": OF_TABLES for name in EXPIRING},
    **{f"{name}: point-in-time recovery": OF_TABLES for name in TABLES},
    "mapping: TumblingWindowInSeconds": "it knows no tumbling windows",
    "mapping: MetricsConfig": "it knows no metrics of mappings",
    **{f"{method}: {part}": OF_METHODS for method in METHODS for part in ("passthrough", "templates", "answers")},
    **{f"{method}: role": OF_METHODS for method in METHODS if method != "GET /health"},
    **{f"{method}: authorization": "it reads no `security` of an operation" for method in METHODS},
    "queue: encryption": "its SQS knows no such attribute",
    "gateway responses": "it reads no extension of the OpenAPI document itself",
    "stage: access log": OF_STAGES,
}


def test_resources_are_those_of_the_template(deployed: Deployed) -> None:
    written = {
        name: {"Type": one.type, "Properties": one.properties} for name, one in deployed.declared.resources.items()
    }
    left_out = set(refused({"Resources": written}))
    declared = {
        (name, SAM_TYPES.get(one.type, one.type))
        for name, one in deployed.declared.resources.items()
        if name not in left_out
    }
    there = {(name, type_) for name, (type_, _) in deployed.resources.items()}
    (deployment,) = (name for name, type_ in there if type_ == "AWS::ApiGateway::Deployment")
    (version,) = (name for name, type_ in there if type_ == "AWS::Lambda::Version")
    made_by_sam = {
        ("Apiv1Stage", "AWS::ApiGateway::Stage"),
        (deployment, "AWS::ApiGateway::Deployment"),
        ("ProcessorRequests", "AWS::Lambda::EventSourceMapping"),
        ("SweeperFailures", "AWS::Lambda::EventSourceMapping"),
        ("SweeperSchedule", "AWS::Events::Rule"),
        ("SweeperSchedulePermission", "AWS::Lambda::Permission"),
        ("TicketUrl", "AWS::Lambda::Url"),
        ("ProcessorAliaslive", "AWS::Lambda::Alias"),
        (version, "AWS::Lambda::Version"),
    }
    assert there == declared | made_by_sam


@pytest.mark.parametrize("thing", FACTS)
def test_fact(deployed: Deployed, thing: str) -> None:
    there, declared = FACTS[thing](deployed)
    if thing in DROPPED:
        assert there != declared, f"ministack no longer drops this; take it off the list: {DROPPED[thing]}"
    else:
        assert there == declared


@pytest.mark.parametrize("type_", REFUSED)
def test_what_is_left_out_is_refused(endpoint: str, type_: str) -> None:
    stack = Deployed(f"refused-{type_.replace('::', '-')}", "NONE", endpoint)
    properties = {"Metrics": [{"Id": "one", "Expression": "1"}]} if type_ == "AWS::CloudWatch::Alarm" else {}
    template = {"Resources": {"One": {"Type": type_, "Properties": properties}}}
    client = stack.client("cloudformation")
    client.create_stack(StackName=stack.name, TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 20
    while (status := client.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]) == "CREATE_IN_PROGRESS":
        assert time.monotonic() < deadline, "ministack does not come to an end"
    assert status != "CREATE_COMPLETE", f"ministack makes it now; take it off the list: {REFUSED[type_]}"


def test_what_is_dropped_is_a_fact() -> None:
    assert DROPPED.keys() <= FACTS.keys()
