"""Logs: how a line is read, files that roll over while they are followed, and log groups of a deployed stack."""

import json
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import gapless.deployed
import gapless.logs
from gapless.local.log_file import LogFile
from gapless.log_lines import LogLine, read_time
from gapless.logs import FileReader, NoLog, read_logs
from gapless.target import Target
from tests.unit.deployed_stack import REGION, DeployedStack

AT = 1_795_331_188.631
NUMBERED = {
    "level": "INFO",
    "location": "log_stamps:164",
    "message": "numbered",
    "timestamp": "2026-11-22 07:06:28,631+0000",
    "service": "processor",
    "requestId": "née",
    "counter": "orders",
    "number": 7,
    "xray_trace_id": "1-6b029475-05621eb38a0042f09d8064a2",
}
ACCESS = {
    "requestId": "r1",
    "extendedRequestId": "x=",
    "time": "22/Nov/2026:07:06:28 +0000",
    "method": "PUT",
    "path": "/requests",
    "status": "202",
    "responseLatency": "12",
    "integrationError": "-",
}
HEAD = "2026-11-22 07:06:28.631"


def local(folder: Path) -> Target:
    """A local stack with its logs in a folder."""
    return Target("", REGION, "requests", "counters", "NONE", dynamodb="http://127.0.0.1:9", logs=str(folder))


# ── a line ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        (json.dumps(NUMBERED), f"{HEAD} INFO    processor numbered requestId=née counter=orders number=7"),
        (
            json.dumps(NUMBERED | {"level": "ERROR", "exception": 'Traceback:\n  File "x"\nKeyError: 1\n'}),
            f"{HEAD} ERROR   processor numbered requestId=née counter=orders number=7 KeyError: 1",
        ),
        (json.dumps({"message": {"a": "é"}, "deep": [1]}), f'{HEAD}         processor {{"a": "é"}} deep=[1]'),
        (json.dumps(ACCESS), f"{HEAD}         processor PUT /requests 202 requestId=r1 responseLatency=12"),
        ("Traceback (most recent call last):", f"{HEAD}         processor Traceback (most recent call last):"),
        ("{no json", f"{HEAD}         processor {{no json"),
        ("[1]", f"{HEAD}         processor [1]"),
        ('{"_aws": {"Timestamp": 1}, "Numbered": [1.0]}', None),
        ("START RequestId: 8f5 Version: $LATEST", None),
        ("REPORT RequestId: 8f5\tDuration: 3 ms", None),
        ("REPORT RequestId: 8f5\tStatus: timeout", f"{HEAD}         processor REPORT RequestId: 8f5\tStatus: timeout"),
        ("  ", None),
    ],
)
def test_a_line_for_people(text: str, rendered: str | None) -> None:
    assert LogLine(AT, "processor", text).render() == rendered


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_line_mentions_a_request_by_its_whole_id(ascii_only: bool) -> None:
    line = LogLine(
        AT, "processor", json.dumps({"message": "x", "in": [{"ids": ["née", "r1"]}]}, ensure_ascii=ascii_only)
    )
    assert [line.mentions(one) for one in ("née", "r1", "r", "x")] == [True, True, False, True]
    assert LogLine(AT, "processor", "Traceback about r1").mentions("r1")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (json.dumps(NUMBERED), AT),
        (json.dumps({"_aws": {"Timestamp": 1_795_331_188_631}}), AT),
        ('{"timestamp": "today"}', None),
        ('{"_aws": 1}', None),
        ("Traceback", None),
    ],
)
def test_the_time_of_a_line(text: str, at: float | None) -> None:
    assert read_time(text) == at


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbers(lines: Iterator[LogLine]) -> list[int]:
    """What the lines of a test say."""
    return [int(line.text) for line in lines]


def test_no_line_is_lost_or_repeated_while_files_roll_over(tmp_path: Path, seeded: random.Random) -> None:
    """Up to as many lines between two looks as one file holds; in the first look whatever there is."""
    path = tmp_path / "processor.log"
    file = LogFile(path, most_bytes=400)
    written = seeded.randrange(400)
    for number in range(written):
        file.write(str(number))
    reader = FileReader(path, "processor")
    first = numbers(reader.read())
    assert first == list(range(written - len(first), written))
    assert len(first) >= min(written, 100)
    for _ in range(300):
        before = written
        for _ in range(seeded.randrange(57)):
            file.write(f"{written:06}")  # 57 of them fill a file
            written += 1
        assert numbers(reader.read()) == list(range(before, written))
    file.close()


def test_a_line_that_is_half_written_is_shown_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "processor.log"
    reader = FileReader(path, "processor")
    assert list(reader.read()) == []
    with path.open("a") as file:
        for text, shown in (("on", []), ("e\ntw", ["one"]), ("o\n", ["two"]), ("", [])):
            file.write(text)
            file.flush()
            assert [line.text for line in reader.read()] == shown


def test_lines_without_a_time_go_with_the_line_before(tmp_path: Path) -> None:
    path = tmp_path / "processor.log"
    path.write_text(f"ImportError: before anything else\n{json.dumps(NUMBERED)}\nTraceback\n")
    first, *others = FileReader(path, "processor").read()
    assert first.at == pytest.approx(time.time(), abs=60)
    assert [line.at for line in others] == [AT, AT]


def test_the_logs_of_several_functions_are_one(tmp_path: Path) -> None:
    for source, seconds in (("processor", (1, 3)), ("sweeper", (2, 4))):
        lines = [json.dumps({"timestamp": f"2026-11-22 07:06:0{one},000+0000", "message": one}) for one in seconds]
        (tmp_path / f"{source}.log").write_text("\n".join(lines) + "\n")
    shown = list(read_logs(local(tmp_path), ["processor", "sweeper", "ticket", "api"], 0))
    assert [line.source for line in shown] == ["processor", "sweeper"] * 2
    assert len(list(read_logs(local(tmp_path), ["sweeper"], shown[2].at))) == 1


def test_followed_logs_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "processor.log"
    path.write_text("one\n")

    def more(seconds: float) -> None:
        with path.open("a") as file:
            file.write("two\n")

    monkeypatch.setattr("gapless.logs.time.sleep", more)
    followed = read_logs(local(tmp_path), ["processor"], 0, follow=True)
    assert [line.text for line in islice(followed, 3)] == ["one", "two", "two"]


def test_a_local_stack_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="access log"):
        next(read_logs(local(tmp_path), ["api"], 0))
    with pytest.raises(NoLog, match="start it again"):
        next(read_logs(Target("", REGION, "requests", "counters", "NONE"), ["processor"], 0))


# ── log groups ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedStack]:
    with mock_aws():
        stack = DeployedStack()
        for module in (gapless.deployed, gapless.logs):
            monkeypatch.setattr(module, "make_client", stack.client)
        yield stack


def write(group: str, lines: dict[int, str], stream: str = "a") -> None:
    """Have lines in a stream of a log group, each so many seconds ago."""
    logs: Any = boto3.client("logs", region_name=REGION)
    if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": round((time.time() - ago) * 1000), "message": text} for ago, text in lines.items()]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_the_lines_of_all_groups_are_in_order(stack: DeployedStack) -> None:
    write("shop-ProcessorLogs", {40: "one\n", 20: "three"})
    write("shop-ProcessorLogs", {10: "four"}, stream="b")
    write("shop-ApiLogs", {30: "two"})
    everything = ["processor", "sweeper", "ticket", "api"]
    shown = list(read_logs(stack.target, everything, time.time() - 100))
    assert [(line.source, line.text) for line in shown] == [
        *(("processor", "one"), ("api", "two")),
        *(("processor", "three"), ("processor", "four")),
    ]
    assert [line.text for line in read_logs(stack.target, everything, time.time() - 15)] == ["four"]


@pytest.mark.parametrize("request_id", ["r-1", 'it\'s "r" {1}'])
def test_the_lines_of_a_request_are_found(stack: DeployedStack, request_id: str) -> None:
    mine, other = (json.dumps({"message": "x", "requestId": one}) for one in (request_id, f"{request_id}0"))
    write("shop-ProcessorLogs", {40: other, 30: mine, 20: f"about {request_id}:"})
    shown = [line.text for line in read_logs(stack.target, ["processor"], time.time() - 100, request_id)]
    assert shown == [mine, f"about {request_id}:"]


def test_followed_groups_show_each_line_once_however_late(
    stack: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("shop-ProcessorLogs", {10: "one"})
    coming = [{5: "two"}, {7: "late"}, {1: "three"}]
    monkeypatch.setattr("gapless.logs.time.sleep", lambda seconds: write("shop-ProcessorLogs", coming.pop(0)))
    followed = read_logs(stack.target, ["processor"], time.time() - 100, follow=True)
    assert [line.text for line in islice(followed, 4)] == ["one", "two", "late", "three"]


def test_a_group_that_is_not_there_is_left_out_unless_it_is_the_one(stack: DeployedStack) -> None:
    stack.without = {"TicketLogs"}
    write("shop-ProcessorLogs", {10: "one"})
    assert [line.text for line in read_logs(stack.target, ["processor", "ticket"], 0)] == ["one"]
    with pytest.raises(NoLog, match="no log of ticket"):
        next(read_logs(stack.target, ["ticket"], 0))
