"""What docs/operations.md tells an operator to do can be done: commands, parameters, resources and links exist."""

import re
import subprocess
from typing import Any

import click
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from gapless.cli import main
from gapless.local.template.source import read
from tests.operations import runbook
from tests.operations.runbook import PROSE, ROOT, TEXT, Command
from tests.template.declared import TEMPLATE

LABELS = ("Meaning.", "Check.", "Do.", "False when")
# Options that the AWS CLI gives every command.
GLOBAL_OPTIONS = {"--query", "--output", "--region", "--profile", "--no-paginate"}
# Services that it calls otherwise than botocore does.
CLI_NAMES = {"deploy": "codedeploy"}
FUNCTIONS = ROOT / "functions/processor"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The template as it is written, whatever is chosen."""
    return read(TEMPLATE)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


def resources(template: dict[str, Any]) -> set[str]:
    """Logical ids: those of the template, and those that SAM makes of a function's events and of its deployment.

    https://github.com/aws/serverless-application-model/blob/develop/docs/internals/generated_resources.rst
    """
    made = {"ServerlessDeploymentApplication"}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            made |= {f"{name}{event}" for event in properties.get("Events", {})}
            made |= {f"{name}DeploymentGroup"} if "DeploymentPreference" in properties else set()
    return set(template["Resources"]) | made


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_alarm_has_a_section_and_every_section_an_alarm(template: dict[str, Any]) -> None:
    declared = template["Resources"].items()
    alarms = {name for name, resource in declared if resource["Type"] == "AWS::CloudWatch::Alarm"}
    assert {heading for heading in runbook.headings() if heading.endswith("Alarm")} == alarms


@pytest.mark.parametrize("alarm", [heading for heading in runbook.headings() if heading.endswith("Alarm")])
def test_an_alarm_says_what_it_means_what_to_check_and_what_to_do(alarm: str) -> None:
    section = runbook.section(alarm)
    assert [label for label in LABELS if f"**{label}" not in section] == []


SAMPLE = """
```console
A=$(aws sts get-caller-identity) && aws kms list-keys --limit "$(resource Key)" | aws s3 ls
for n in 1 2; do gapless get $n --wait; done > file
```
Or `gapless status`, and `gapless get ID --wait`, and not `aws`.
"""


def test_every_command_is_found() -> None:
    found = [command.arguments for command in runbook.commands("aws", SAMPLE)]
    listed = ("kms", "list-keys", "--limit", runbook.OUTPUT)
    assert sorted(found) == [listed, ("s3", "ls"), ("sts", "get-caller-identity")]
    assert [command.arguments for command in runbook.commands("resource", SAMPLE)] == [("Key",)]
    found_here = [(command.arguments, command.whole) for command in runbook.commands("gapless", SAMPLE)]
    assert found_here == [(("get", "$n", "--wait"), True), (("status",), False), (("get", "ID", "--wait"), True)]


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_gapless(command: Command) -> None:
    """Parse the command as the tool would. Raises click.UsageError, AssertionError."""
    called: click.Command = main
    name, arguments = "gapless", list(command.arguments)
    while isinstance(called, click.Group):
        assert arguments, f"{name} wants the name of a command"
        name = arguments.pop(0)
        assert name in called.commands, f"there is no command {name}"
        called = called.commands[name]
    if command.whole:
        called.make_context(name, arguments)


def check_aws(session: Session, command: Command) -> None:
    """Compare the command with botocore's model of the service. Raises AssertionError, UnknownServiceError."""
    service, operation, *options = command.arguments
    service = CLI_NAMES.get(service, service)
    client_data = session.get_service_model(service)
    if operation == "wait":
        waiters = session.get_waiter_model(service).waiter_names
        called = {
            xform_name(name, "-"): session.get_waiter_model(service).get_waiter(name).operation for name in waiters
        }
        name, *options = options
        assert name in called, f"{service} has no waiter {name}"
        model = client_data.operation_model(called[name])
    else:
        names = {xform_name(name, "-"): name for name in client_data.operation_names}
        assert operation in names, f"{service} has no operation {operation}"
        model = client_data.operation_model(names[operation])
    members: dict[str, Any] = model.input_shape.members if model.input_shape else {}
    known = {f"--{xform_name(name, '-')}": name for name in members}
    known |= {
        f"--no-{option[2:]}": name for option, name in list(known.items()) if members[name].type_name == "boolean"
    }
    given = {option for option in options if option.startswith("--")}
    assert given <= known.keys() | GLOBAL_OPTIONS, f"{service} {operation} has no {sorted(given - known.keys())}"
    required = set(model.input_shape.required_members) if model.input_shape else set()
    missing = required - {known[option] for option in given & known.keys()}
    assert not missing, f"{service} {operation} wants {sorted(missing)}"


@pytest.mark.parametrize("command", list(runbook.commands("gapless")), ids=lambda command: command.text)
def test_the_tool_takes_the_command(command: Command) -> None:
    check_gapless(command)


@pytest.mark.parametrize(
    "command", [one for one in runbook.commands("aws") if one.whole], ids=lambda command: command.text[:90]
)
def test_the_aws_cli_takes_the_command(session: Session, command: Command) -> None:
    check_aws(session, command)


@pytest.mark.parametrize(
    "arguments", ["statsu", "status --stakc NAME", "pending --older-than soon", "failed", "sweep now", "counter show"]
)
def test_a_wrong_command_of_the_tool_is_caught(arguments: str) -> None:
    with pytest.raises((AssertionError, click.ClickException)):
        check_gapless(Command("", "gapless", tuple(arguments.split())))


@pytest.mark.parametrize(
    "arguments",
    [
        "lamda get-function --function-name a",
        "lambda get-funktion --function-name a",
        "lambda get-function --name a",
        "lambda get-function --qualifier a",
        "dynamodb wait table-gone --table-name a",
    ],
)
def test_a_wrong_aws_command_is_caught(session: Session, arguments: str) -> None:
    with pytest.raises((AssertionError, UnknownServiceError)):
        check_aws(session, Command("", "aws", tuple(arguments.split())))


@pytest.mark.parametrize("block", runbook.blocks("console"))
def test_a_block_is_what_a_shell_takes(block: str) -> None:
    result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_resource_asked_for_exists(template: dict[str, Any]) -> None:
    asked = {command.arguments[0] for command in runbook.commands("resource")}
    assert {"ProcessorRequests", "SweeperSchedule"} <= asked
    assert asked - resources(template) == set()


def test_every_saved_query_is_named_and_every_one_named_is_saved(template: dict[str, Any]) -> None:
    declared = [one for one in template["Resources"].values() if one["Type"] == "AWS::Logs::QueryDefinition"]
    saved = {one["Properties"]["Name"]["Fn::Sub"].partition("/")[2] for one in declared}
    named = re.search(r"queries saved under the stack's name: (.*?)\. ", PROSE)
    assert named is not None
    assert set(named[1].replace("*", "").split(" · ")) == saved
    assert set(re.findall(r"saved query \*(.*?)\*", PROSE)) <= saved


def test_every_parameter_named_exists(template: dict[str, Any]) -> None:
    named = {found[1] for code in runbook.inline_code() if (found := re.match(r"([A-Z][A-Za-z]+)=", code))}
    for command in runbook.commands("sam"):
        named |= {one.partition("=")[0] for one in command.arguments if re.match("[A-Z][A-Za-z]+=", one)}
    assert {"BatchSize", "SweepAfterSeconds"} <= named
    assert named - template["Parameters"].keys() == set()


def test_every_log_line_explained_is_logged() -> None:
    code = "\n".join(path.read_text() for path in FUNCTIONS.glob("*.py"))
    rows = re.findall(r"^\| (`.*?) \|", runbook.section("What the logs say"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall("`([^`]+)`", row)}
    assert {"MissingJournal", "work() was overruled"} <= explained
    assert {name for name in explained if name not in code} == set()


def test_every_exception_of_the_functions_is_explained() -> None:
    raised = {
        name
        for path in FUNCTIONS.glob("*.py")
        for name in re.findall(r"class (\w+)\((?:\w*)Exception\)", path.read_text())
    }
    assert raised - {"Rejected"} - set(re.findall(r"\w+", runbook.section("What the logs say"))) == set()


def test_every_file_named_is_there() -> None:
    named = {code for code in runbook.inline_code() if re.fullmatch(r"[\w./-]+/[\w./-]+\.(py|yaml|md|json)", code)}
    assert {".github/deploy-role.yaml", "functions/processor/work.py"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = ROOT / "docs" / file if file else runbook.OPERATIONS
        assert target.exists(), link
        assert not anchor or anchor in map(runbook.anchor, runbook.headings(target.read_text())), link
