"""submit, get and render as a person or a script uses them: what they print, and their exit codes."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from gapless.local.background import BackgroundStack

Result = subprocess.CompletedProcess[bytes]


@pytest.fixture
def endpoint(stack: BackgroundStack) -> tuple[str, str]:
    """The option that names the stack."""
    return "--endpoint", str(stack.folder / "stack.json")


def gapless(*arguments: str, stdin: bytes = b"", folder: Path | None = None) -> Result:
    """Run a command."""
    command = [sys.executable, "-m", "gapless", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False, cwd=folder)


def test_submit_and_get(endpoint: tuple[str, str]) -> None:
    submitted = gapless("submit", '{"a": 1}', "--output", "json", *endpoint)
    assert submitted.returncode == 0, submitted.stderr
    request_id = json.loads(submitted.stdout)["requestId"]
    got = gapless("get", request_id, "--wait", "--output", "json", *endpoint)
    assert got.returncode == 0
    assert json.loads(got.stdout)["status"] == "DONE"


def test_submit_waits_for_the_number(endpoint: tuple[str, str]) -> None:
    result = gapless("submit", '{"a": 1}', "--wait", *endpoint)
    assert result.returncode == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.decode().splitlines())
    assert lines["status"] == "DONE"
    assert int(lines["number"]) >= 1


def test_a_failed_request_is_exit_code_1(endpoint: tuple[str, str]) -> None:
    result = gapless("submit", '{"lines": []}', "--wait", "--output", "json", *endpoint)
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]["code"] == "Rejected"
    assert gapless("get", json.loads(result.stdout)["requestId"], *endpoint).returncode == 1


@pytest.mark.parametrize("source", ["argument", "file", "stdin"])
def test_the_body_is_sent_byte_for_byte(endpoint: tuple[str, str], tmp_path: Path, source: str) -> None:
    body = ' {"née": "🧾 \\" \' \\\\ $x"}\t'.encode()
    path = tmp_path / "body.json"
    path.write_bytes(body)
    argument = {"argument": body.decode(), "file": f"@{path}", "stdin": "-"}[source]
    result = gapless("submit", argument, "--wait", "--output", "json", *endpoint, stdin=body)
    assert json.loads(result.stdout)["request"].encode() == body


@pytest.mark.parametrize("request_id", ["plain", "with space", "née", "a/b", "100%", "a%20b"])
def test_any_id_can_be_submitted_and_got(endpoint: tuple[str, str], request_id: str) -> None:
    request_id += str(uuid.uuid4())
    submitted = gapless("submit", "{}", "--id", request_id, "--output", "json", *endpoint)
    assert submitted.returncode == 0, submitted.stderr
    got = gapless("get", request_id, "--wait", "--output", "json", *endpoint)
    assert json.loads(got.stdout)["requestId"] == json.loads(submitted.stdout)["requestId"]


def test_the_same_id_again_shows_the_same_request(endpoint: tuple[str, str]) -> None:
    arguments = ("submit", "{}", "--id", str(uuid.uuid4()), "--wait", "--output", "json", *endpoint)
    assert json.loads(gapless(*arguments).stdout) == json.loads(gapless(*arguments).stdout)


def test_a_counter_can_be_named(endpoint: tuple[str, str]) -> None:
    result = gapless("submit", "{}", "--counter", "nobody", "--wait", "--output", "json", *endpoint)
    assert json.loads(result.stdout)["error"]["code"] == "UnknownCounter"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("submit", "not json"), "400 Bad Request"),
        (("submit", "@no/such/file"), "cannot be read"),
        (("submit",), "BODY"),
        (("get", "no-such-request"), "404 Not Found"),
        (("get", "a", "--output", "xml"), "xml"),
    ],
)
def test_wrong_usage_is_exit_code_2(endpoint: tuple[str, str], arguments: tuple[str, ...], message: str) -> None:
    result = gapless(*arguments, *endpoint)
    assert result.returncode == 2
    assert message in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_no_stack_is_exit_code_3(tmp_path: Path, stack: BackgroundStack) -> None:
    nothing = gapless("get", "a", folder=tmp_path)
    assert nothing.returncode == 3
    assert b"gapless up" in nothing.stderr
    described = stack.description | {"api": "http://127.0.0.1:9/v1"}
    (tmp_path / "stack.json").write_text(json.dumps(described))
    silent = gapless("get", "a", "--endpoint", str(tmp_path / "stack.json"))
    assert silent.returncode == 3
    assert b"does not answer" in silent.stderr


def test_a_stack_that_is_gone_is_exit_code_3(tmp_path: Path, stack: BackgroundStack) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / "stack.json").write_text(json.dumps(stack.description | {"pid": ended.pid}))
    result = gapless("get", "a", "--endpoint", str(tmp_path / "stack.json"))
    assert result.returncode == 3
    assert b"left over" in result.stderr


class TestCounter:
    def test_create_show_set_and_list(self, endpoint: tuple[str, str]) -> None:
        name = f"c-{uuid.uuid4()}"
        arguments = ("--start", "10", "--increment", "-2", "--min", "0", "--output", "json", *endpoint)
        created = gapless("counter", "create", name, *arguments)
        assert created.returncode == 0, created.stderr
        expected = {"counter": name, "value": None, "count": 0, "start": 10, "increment": -2, "min": 0, "max": None}
        assert json.loads(created.stdout) == expected | {"cycle": False, "allocation": "stream"}
        assert gapless("counter", "create", name, *endpoint).returncode == 2
        gapless("submit", "{}", "--counter", name, "--wait", *endpoint)
        moved = gapless("counter", "set", name, "--min", "-10", "--output", "json", *endpoint)
        assert (json.loads(moved.stdout)["value"], json.loads(moved.stdout)["min"]) == (10, -10)
        refused = gapless("counter", "set", name, "--increment", "3", *endpoint)
        assert refused.returncode == 2
        assert b"increment of a counter that has handed out numbers" in refused.stderr
        listed = gapless("counter", "list", "--output", "json", *endpoint).stdout.splitlines()
        assert name in {json.loads(line)["counter"] for line in listed}
        assert name.encode() in gapless("counter", "show", name, "--output", "json", *endpoint).stdout

    def test_a_dry_run_changes_nothing(self, endpoint: tuple[str, str]) -> None:
        name = f"c-{uuid.uuid4()}"
        assert gapless("counter", "create", name, "--dry-run", *endpoint).returncode == 0
        assert gapless("counter", "show", name, *endpoint).returncode == 2
        gapless("counter", "create", name, "--max", "5", *endpoint)
        assert gapless("counter", "set", name, "--max", "9", "--dry-run", *endpoint).returncode == 0
        shown = gapless("counter", "show", name, "--output", "json", *endpoint)
        assert json.loads(shown.stdout)["max"] == 5

    def test_a_plan_for_several_regions(self) -> None:
        planned = gapless("counter", "plan", "invoices", "--regions", "eu-west-1,us-east-1", "--stack", "shop")
        assert planned.stdout.decode().splitlines() == [
            "AWS_REGION=eu-west-1 gapless counter create invoices --start 1 --increment 2 --stack shop",
            "AWS_REGION=us-east-1 gapless counter create invoices --start 2 --increment 2 --stack shop",
        ]
        assert gapless("counter", "plan", "invoices", "--regions", "a,a").returncode == 2


class TestRender:
    EVENT: dict[str, object] = {  # noqa: RUF012
        "body": '{"it\'s": "\\"quoted\\""}',
        "stageVariables": {"requestsTable": "requests", "defaultCounter": "c"},
        "context": {"requestId": "id", "requestTimeEpoch": 1},
    }

    def test_a_snippet_is_rendered_with_one_newline_more(self, tmp_path: Path) -> None:
        event = tmp_path / "event.json"
        event.write_text(json.dumps(self.EVENT))
        result = gapless("render", "--template", "mapping_templates/submit_request.yaml", "--event", str(event))
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["Item"]["request"]["S"] == self.EVENT["body"]
        bare = tmp_path / "bare.vtl"
        bare.write_text("no newline at the end: $input.body.length()")
        result = gapless("render", "--template", str(bare), "--event", str(event))
        assert result.stdout == b"no newline at the end: 22\n"

    @pytest.mark.parametrize(
        ("template", "event", "message"),
        [
            ("#if(", "{}", "t.vtl:1:5"),
            ("x", "[]", "event"),
            ("x", '{"boddy": 1}', "boddy"),
            ("x", "{", "is not JSON"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, template: str, event: str, message: str) -> None:
        (tmp_path / "t.vtl").write_text(template)
        (tmp_path / "e.json").write_text(event)
        result = gapless("render", "--template", str(tmp_path / "t.vtl"), "--event", str(tmp_path / "e.json"))
        assert result.returncode == 2
        assert message in result.stderr.decode()
        assert b"Traceback" not in result.stderr
