"""`gapless up` as a person or a program uses it: starting, stopping, restarting, and what can be wrong."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import urllib3

from gapless.client import Client, Refused
from gapless.load import connect, count_numbered
from gapless.local.background import BackgroundStack, running_stack, start_stack
from gapless.local.template import load
from gapless.sweep import run_sweeper
from tests.checker import find_faults
from tests.local.stack_files import copy_stack, replace_in
from tests.tables import TEMPLATE
from tests.waiting import wait_until

# Everything that is optional, chosen: what the local stack does not act on it must at least let pass.
CHOICES = {
    "DefaultCounter": "orders",
    "Authorization": "API_KEY",
    "AlarmEmail": "on-call@example.com",
    "AllowedCidrs": "192.0.2.0/24,2001:db8::/32",
    "AllowedVpcEndpoints": "vpce-0123456789abcdef0",
    "WebAclArn": "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/mine/0123",
    "CorsOrigin": "https://app.example.com",
    "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/0123",
    "Deployment": "Canary10Percent5Minutes",
    "Tickets": "NONE",
    "Tracing": "on",
}


@pytest.fixture
def stack() -> Iterator[BackgroundStack]:
    """A stack for one test."""
    with running_stack() as stack:
        yield stack


def run_up(*options: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """`gapless up` that is expected to end by itself."""
    command = [sys.executable, "-m", "gapless", "up", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def find_lines(path: Path, key: str) -> list[dict[str, Any]]:
    """The lines of a log file that have a key."""
    text = path.read_text() if path.exists() else ""
    return [line for line in map(json.loads, filter(lambda one: one.startswith("{"), text.splitlines())) if key in line]


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs; psutil knows a process from a later one with the same id."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


class TestReady:
    def test_the_line_says_how_to_reach_everything(self, stack: BackgroundStack) -> None:
        described = stack.description
        assert described.keys() == {
            "api",
            "control",
            "dynamodb",
            "region",
            "tables",
            "queues",
            "functions",
            "logs",
            "pid",
            "retentionDays",
            "failedRetentionDays",
        }
        assert described["pid"] == stack.process.pid
        assert described["tables"].keys() >= {"requests", "counters"}
        assert described["functions"]["processor"]["name"] == "gapless-local-Processor"
        assert described["functions"]["processor"]["pid"] in {one.pid for one in family(stack.process.pid)}
        assert json.loads((stack.folder / "stack.json").read_text()) == described
        names = connect(stack.target).list_tables()["TableNames"]
        assert set(described["tables"].values()) <= set(names)

    def test_nothing_else_is_printed(self, tmp_path: Path) -> None:
        stack = start_stack(tmp_path)
        Client(stack.target).wait(Client(stack.target).submit(b"{}")["requestId"])
        stack.stop()
        assert stack.process.stdout is not None
        assert stack.process.stdout.read() == b""
        assert '"message":"numbered"' in stack.log

    def test_what_functions_print_is_kept_a_file_each(self, stack: BackgroundStack) -> None:
        request_id = Client(stack.target).submit(b'{"note": "\\u00fc"}')["requestId"]
        Client(stack.target).wait(request_id)
        run_sweeper(stack.target, None)
        logs = Path(stack.description["logs"])
        lines = wait_until("the request in the file", lambda: find_lines(logs / "processor.log", "requestId"))
        assert {"requestId": request_id, "message": "numbered"}.items() <= lines[0].items()
        assert wait_until("the sweep in the file", lambda: find_lines(logs / "sweeper.log", "counts"))
        assert not (logs / "ticket.log").exists()
        for line in lines:
            assert json.dumps(line["requestId"]) in stack.log  # and on the terminal, as ever

    def test_only_the_loopback_interface_is_listened_on(self, stack: BackgroundStack) -> None:
        sockets = [one for process in family(stack.process.pid) for one in process.net_connections(kind="inet")]
        listening = [one.laddr for one in sockets if one.status == psutil.CONN_LISTEN]
        assert listening
        assert {address.ip for address in listening} == {"127.0.0.1"}

    def test_a_person_gets_one_line(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "gapless", "up", "--port", "0", "--data", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.terminate()
        assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+/v1, ticket http://127\.0\.0\.1:\d+/\n", line)


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_both_signals_leave_nothing_behind(self, tmp_path: Path, number: signal.Signals) -> None:
        stack = start_stack(tmp_path)
        processes = family(stack.process.pid)
        assert len(processes) >= 3  # the stack, the engine, a handler
        assert stack.stop(number) == 0
        assert all_gone(processes)
        assert not (tmp_path / "stack.json").exists()

    def test_a_signal_to_the_whole_group_is_clean_too(self, tmp_path: Path) -> None:
        """Ctrl-C in a terminal reaches every process of the group at once."""
        command = [sys.executable, "-m", "gapless", "up", "--port", "0", "--data", str(tmp_path), "--output", "json"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            processes = family(process.pid)
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert b"Traceback" not in errors
        assert all_gone(processes)

    def test_a_killed_stack_takes_its_children_along(self, tmp_path: Path) -> None:
        stack = start_stack(tmp_path)
        processes = family(stack.process.pid)
        stack.process.kill()
        stack.process.wait()
        wait_until("the children of a killed stack gone", lambda: all_gone(processes))


class TestData:
    def test_a_new_start_goes_on_where_the_last_one_stopped(self, tmp_path: Path) -> None:
        first = start_stack(tmp_path)
        ids = [Client(first.target).submit(b"{}")["requestId"] for _ in range(30)]
        first.stop()
        second = start_stack(tmp_path)
        try:
            client = Client(second.target)
            documents = [client.wait(one) for one in ids]
            assert sorted(one["number"] for one in documents) == list(range(1, 31))
            assert client.wait(client.submit(b"{}")["requestId"])["number"] == 31
            assert find_faults(second.target) == []
        finally:
            second.stop()

    def test_what_was_accepted_and_not_numbered_is_numbered_after_the_restart(self, tmp_path: Path) -> None:
        """The handler is broken while the requests come in, and mended while the stack is down."""
        template = copy_stack(tmp_path)
        work = template.parent / "functions/processor/work.py"
        replace_in(
            work,
            '    if "lines" not in request.body:',
            '    raise OSError("down")\n    if "lines" not in request.body:',
        )
        first = start_stack(tmp_path / "data", "--template", str(template))
        ids = [Client(first.target).submit(b"{}")["requestId"] for _ in range(10)]
        wait_until("the handler to have failed", lambda: "OSError" in first.log)
        first.stop()
        replace_in(work, '    raise OSError("down")\n', "")
        second = start_stack(tmp_path / "data", "--template", str(template))
        try:
            client = Client(second.target)
            assert sorted(client.wait(one)["number"] for one in ids) == list(range(1, 11))
        finally:
            second.stop()

    def test_a_folder_has_one_stack_at_a_time(self, tmp_path: Path) -> None:
        first = start_stack(tmp_path)
        try:
            refused = run_up("--port", "0", "--data", str(tmp_path))
            assert (refused.returncode, refused.stdout) == (3, "")
            assert "another stack works in" in refused.stderr
        finally:
            first.stop()


class TestShards:
    def test_numbers_stay_gapless_while_shards_split_and_merge_and_processes_take_turns(
        self, seeded: random.Random
    ) -> None:
        with running_stack("--shards", "2", "--processes", "2") as stack:
            client = Client(stack.target)
            ids = []
            for _ in range(12):
                ids += [client.submit(b"{}")["requestId"] for _ in range(seeded.randrange(1, 10))]
                reshard(stack, seeded)
            assert sorted(client.wait(one)["number"] for one in ids) == list(range(1, len(ids) + 1))
            assert find_faults(stack.target) == []


def reshard(stack: BackgroundStack, chance: random.Random) -> None:
    """Split or merge some shard of the stack."""
    control = stack.description["control"]
    shards = urllib3.request("GET", f"{control}/shards").json()["shards"]
    opened = sorted((one for one in shards if one["status"] == "OPEN"), key=lambda one: str(one["hashes"]))
    at = chance.randrange(len(opened))
    if at == 0:
        answer = urllib3.request("POST", f"{control}/shards/{opened[at]['shardId']}/split")
    else:
        pair = [one["shardId"] for one in opened[at - 1 : at + 1]]
        answer = urllib3.request("POST", f"{control}/shards/merge", json={"shards": pair})
    assert answer.status == 200, answer.data


class TestMistakes:
    def test_a_taken_port_is_a_clear_error_and_nothing_is_left_running(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            refused = run_up("--port", str(port))
        assert refused.returncode == 3
        assert f"port {port} of 127.0.0.1 cannot be had" in refused.stderr
        assert "Traceback" not in refused.stderr

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--parameter", "NoSuch=1"), "NoSuch"),
            (("--parameter", "Authorization=MAYBE"), "Authorization"),
            (("--parameter", "DefaultCounter"), "Key=Value"),
            (("--template", "no-such.yaml"), "no-such.yaml"),
            (("--port", "99999"), "--port"),
            (("--name", "no good"), "--name"),
            (("--data", "/dev/null/x"), "/dev/null"),
        ],
    )
    def test_wrong_usage_says_what_is_wrong(self, options: tuple[str, ...], message: str) -> None:
        refused = run_up("--port", "0", *options)
        assert refused.returncode == 2
        assert message in refused.stderr
        assert "Traceback" not in refused.stderr

    def test_an_engine_that_does_not_answer_is_a_clear_error(self) -> None:
        refused = run_up("--port", "0", "--dynamodb-endpoint", "http://127.0.0.1:9")
        assert refused.returncode == 3
        assert "http://127.0.0.1:9" in refused.stderr
        assert "Traceback" not in refused.stderr

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("passthroughBehavior: never", "passthroughBehavior: perhaps", "passthroughBehavior"),
            ("Type: AWS::SQS::Queue", "Type: AWS::SNS::Topic", "AWS::SNS::Topic"),
            ("      DeletionProtectionEnabled: true", "      Replicas: []", "Replicas"),
            ("mapping_templates/submit_request.yaml", "mapping_templates/no.yaml", "mapping_templates/no.yaml"),
            ("ParallelizationFactor: 1", "ParallelisationFactor: 1", "ParallelisationFactor"),
            ('"MODIFY"], "dynamodb"', '{"prefixx": "M"}], "dynamodb"', "prefixx"),
            ("      Timeout: 60", "      Timeouts: 60", "Timeouts"),
            ("      Timeout: 60", "      Timeout: 1000", "900 seconds"),
            ("Runtime: python3.13", "Runtime: nodejs22.x", "Runtime"),
            ("Resources:", "Hooks: {}\nResources:", "Hooks"),
            ("              type: object", "              type: objekt", "JSON Schema"),
            ("CodeUri: functions/processor/", "CodeUri: functions/nowhere/", "Properties.CodeUri: there is no folder"),
            ("      Handler: app.lambda_handler\n", "", "Properties.Handler: a function needs it"),
            ("      StreamSpecification:\n        StreamViewType: NEW_IMAGE\n", "", "has no stream"),
            ("!GetAtt FailureQueue.Arn\n            #", "arn:aws:sns:us-east-1:1:topic\n            #", "SQS queue"),
        ],
    )  # fmt: skip
    def test_what_is_not_supported_is_refused_at_the_start(
        self, tmp_path: Path, old: str, new: str, message: str
    ) -> None:
        template = copy_stack(tmp_path)
        replace_in(template, old, new)
        refused = run_up("--port", "0", "--template", str(template), folder=tmp_path)
        assert refused.returncode == 2, refused.stderr
        assert message in refused.stderr
        assert "Traceback" not in refused.stderr


class TestFailureBucket:
    def test_a_bucket_gets_what_was_given_up_on_with_its_records(self, tmp_path: Path) -> None:
        template = copy_stack(tmp_path)
        bucket_for_queue = "Type: S3\n                Destination: !GetAtt GivenUp.Arn"
        replace_in(template, "Type: SQS\n                Destination: !GetAtt FailureQueue.Arn", bucket_for_queue)
        properties = "{BucketName: given-up, PublicAccessBlockConfiguration: {BlockPublicAcls: true}}"
        declared = f"  GivenUp:\n    Type: AWS::S3::Bucket\n    Properties: {properties}\n"
        replace_in(template, "\nOutputs:\n", f"\n{declared}\nOutputs:\n")
        replace_in(template, "MaximumRetryAttempts: 10", "MaximumRetryAttempts: 0")
        work = template.parent / "functions/processor/work.py"
        replace_in(work, '    if "lines" not in request.body:', '    raise OSError("down")')
        stack = start_stack(tmp_path / "data", "--template", str(template))
        try:
            request_id = Client(stack.target).submit(b"{}")["requestId"]
            bucket = tmp_path / "data/s3/given-up"
            wait_until("an object in the bucket", lambda: any(path.is_file() for path in bucket.rglob("*")))
        finally:
            stack.stop()
        (file,) = (path for path in bucket.rglob("*") if path.is_file())
        (record,) = json.loads(json.loads(file.read_text())["payload"])["Records"]
        assert record["dynamodb"]["Keys"] == {"requestId": {"S": request_id}}


class TestSettings:
    def test_every_parameter_may_be_chosen_and_the_commands_know_the_api_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        template = load(TEMPLATE, {}, stack_name="any", region="us-east-1", account="000000000000")
        assert CHOICES.keys() >= {name for name, value in template.parameters.items() if value in ("", [], [""])}
        chosen = [option for name, value in CHOICES.items() for option in ("--parameter", f"{name}={value}")]
        with running_stack(*chosen) as stack:
            client = Client(stack.target)
            assert client.wait(client.submit(b"{}")["requestId"])["counter"] == "orders"
            assert count_numbered(connect(stack.target), stack.target, "orders") == 1
            with pytest.raises(Refused, match="403"):
                Client(replace(stack.target, api_key="")).submit(b"{}")
            assert f"x-api-key: {stack.target.api_key}\n" in stack.log
            monkeypatch.setenv("GAPLESS_API_KEY", "another")
            with pytest.raises(Refused, match="403"):
                client.submit(b"{}")

    def test_a_stack_that_wants_signatures_gets_them_from_the_commands(self) -> None:
        with running_stack("--parameter", "Authorization=AWS_IAM") as stack:
            client = Client(stack.target)
            assert client.wait(client.submit(b"{}")["requestId"])["status"] == "DONE"
            with pytest.raises(Refused, match="403"):
                Client(replace(stack.target, authorization="NONE")).submit(b"{}")

    def test_edited_code_is_picked_up_on_save(self, tmp_path: Path) -> None:
        template = copy_stack(tmp_path)
        with running_stack("--template", str(template)) as stack:
            client = Client(stack.target)
            assert client.wait(client.submit(b'{"note": 1}')["requestId"])["result"] is None
            work = template.parent / "functions/processor/work.py"
            replace_in(work, "        return None", '        return "edited"')
            assert client.wait(client.submit(b'{"note": 1}')["requestId"])["result"] == "edited"

    def test_the_stack_file_names_a_process_that_lives(self, stack: BackgroundStack) -> None:
        pid = stack.description["functions"]["processor"]["pid"]
        os.kill(pid, signal.SIGKILL)

        def named() -> int:
            named: int = json.loads((stack.folder / "stack.json").read_text())["functions"]["processor"]["pid"] or pid
            return named

        wait_until("another process named", lambda: named() != pid and psutil.pid_exists(named()))
        client = Client(stack.target)
        assert client.wait(client.submit(b"{}")["requestId"])["status"] == "DONE"
