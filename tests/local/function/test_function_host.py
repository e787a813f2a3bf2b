"""Real handlers in real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from gapless.local.function import FunctionHost, FunctionSettings, Invocation
from gapless.local.function.runtime_api import MAX_EVENT_BYTES
from tests.local.stream.fakes import in_loop, until

HANDLER = """
import os, subprocess, sys, time

def lambda_handler(event, context):
    if "exit" in event:
        os._exit(event["exit"])
    if "child" in event:
        return subprocess.Popen(["sleep", "60"]).pid
    if "print" in event:
        print("\\n".join(event["print"]))
        print("to stderr", file=sys.stderr)
    if "started" in event:
        open(event["started"], "w").close()
    time.sleep(event.get("sleep", 0))
    if "raise" in event:
        raise ValueError(event["raise"])
    if "letters" in event:
        return "x" * event["letters"]
    if "environment" in event:
        return {**os.environ, "cwd": os.getcwd()}
    return {
        "pid": os.getpid(),
        "left": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
    }
"""


def write_handler(folder: Path, text: str = HANDLER) -> Path:
    """Put a handler into a code folder."""
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(text)
    return folder


@asynccontextmanager
async def host_of(
    code: Path, *, processes: int = 1, log: Callable[[str], None] | None = None, **changes: Any
) -> AsyncIterator[FunctionHost]:
    """A started host of the handler in `code`; nothing of it is left in the end."""
    settings = FunctionSettings(
        **{
            "name": "processor",
            "handler": "app.lambda_handler",
            "code": code,
            "arn": "arn:aws:lambda:eu-west-1:000000000000:function:processor",
            "timeout_seconds": 10,
            "memory_mb": 256,
            **changes,
        }
    )
    host = FunctionHost(settings, processes=processes, log=log)
    await host.start()
    pids = host.pids()
    try:
        yield host
        pids = host.pids()
    finally:
        await host.stop()
    assert host.pids() == []
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def call(host: FunctionHost, **event: object) -> Invocation:
    """Invoke with keyword arguments as the event."""
    return await host.invoke(json.dumps(event).encode())


async def answer(host: FunctionHost, **event: object) -> Any:
    """What a successful invocation returned."""
    invocation = await call(host, **event)
    assert invocation.ok, invocation.error
    return json.loads(invocation.payload)


async def failure(host: FunctionHost, **event: object) -> tuple[str, str]:
    """Type and message of a failed invocation."""
    invocation = await call(host, **event)
    assert not invocation.ok
    assert invocation.error is not None
    assert json.loads(invocation.payload) == invocation.error
    return invocation.error["errorType"], invocation.error["errorMessage"]


@in_loop
async def test_a_handler_runs_with_its_context_and_its_process_is_reused(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        first, second = await answer(host), await answer(host)
        assert first["pid"] == second["pid"] == host.pids()[0]
        assert 9_000 < first["left"] <= 10_000
        assert first["arn"].endswith(":function:processor")
        assert first["memory"] == "256"


@in_loop
async def test_the_environment_is_lambdas_and_nothing_of_the_callers_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    code = write_handler(tmp_path / "code")
    async with host_of(code, environment={"TABLE": "requests"}) as host:
        environment = await answer(host, environment=True)
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": "processor",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/processor",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": "app.lambda_handler",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "gapless",
        "AWS_SECRET_ACCESS_KEY": "gapless",
        "TABLE": "requests",
        "cwd": str(code),
    }
    assert expected.items() <= environment.items()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & environment.keys()
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")


@in_loop
async def test_what_a_handler_raises_is_the_error_of_the_invocation(tmp_path: Path) -> None:
    lines: list[str] = []
    async with host_of(write_handler(tmp_path / "code"), log=lines.append) as host:
        assert await failure(host, **{"raise": "bad"}) == ("ValueError", "bad")
        assert await answer(host)
    assert any("ValueError: bad" in line for line in lines)
    assert any("in lambda_handler" in line for line in lines)


@in_loop
async def test_what_a_handler_prints_is_logged_line_by_line(tmp_path: Path) -> None:
    lines: list[str] = []
    long = "x" * 200_000
    async with host_of(write_handler(tmp_path / "code"), log=lines.append) as host:
        await answer(host, print=["one", "two ✓", long])
        await until(lambda: "to stderr" in lines)
    assert lines == ["one", "two ✓", long, "to stderr"]


@in_loop
async def test_a_handler_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code"), timeout_seconds=0.2) as host:
        await answer(host)
        pid = host.pids()[0]
        kind, message = await failure(host, sleep=30)
        assert kind == "Sandbox.Timedout"
        assert message.endswith("Error: Task timed out after 0.20 seconds")
        assert not psutil.pid_exists(pid)
        assert await answer(host)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(3, "Runtime exited with error: exit status 3"), (0, "Runtime exited without providing a reason")],
)
@in_loop
async def test_a_handler_that_exits_fails_its_invocation_only(tmp_path: Path, status: int, reason: str) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        kind, message = await failure(host, exit=status)
        assert (kind, message.partition(" Error: ")[2]) == ("Runtime.ExitError", reason)
        assert await answer(host)


@in_loop
async def test_a_process_killed_in_an_invocation_fails_it_and_is_replaced(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        pid = (await answer(host))["pid"]
        running = asyncio.create_task(failure(host, sleep=30, started=str(tmp_path / "started")))
        await until((tmp_path / "started").exists)
        os.kill(pid, signal.SIGKILL)
        kind, message = await running
        assert (kind, message.partition(" Error: ")[2]) == (
            "Runtime.ExitError",
            "Runtime exited with error: signal: killed",
        )
        assert (await answer(host))["pid"] != pid


@in_loop
async def test_a_process_killed_between_invocations_fails_none(tmp_path: Path) -> None:
    changes: list[int] = []
    async with host_of(write_handler(tmp_path / "code")) as host:
        host.on_change = lambda: changes.append(len(host.pids()))
        pid = (await answer(host))["pid"]
        os.kill(pid, signal.SIGKILL)
        await until(lambda: host.pids() not in ([pid], []))  # replaced before anybody asks
        assert (await answer(host))["pid"] == host.pids()[0] != pid
    assert changes[:2] == [0, 1]


@in_loop
async def test_a_stop_while_a_killed_process_is_replaced_is_clean(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        gone = asyncio.Event()
        host.on_change = gone.set
        os.kill(host.pids()[0], signal.SIGKILL)
        await gone.wait()  # the next process is being started
        await host.stop()
    assert host.pids() == []


@in_loop
async def test_one_process_for_each_invocation_in_flight(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        answers = await asyncio.gather(*(answer(host, sleep=0.3) for _ in range(3)))
        pids = {one["pid"] for one in answers}
        assert len(pids) == 3
        again = await asyncio.gather(*(answer(host) for _ in range(9)))
        assert {one["pid"] for one in again} <= set(host.pids())
        assert pids <= set(host.pids())


@in_loop
async def test_successive_invocations_go_round_the_processes_that_are_kept(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code"), processes=3) as host:
        assert len(host.pids()) == 3
        pids = [(await answer(host))["pid"] for _ in range(9)]
        assert len(set(pids[:3])) == 3
        assert pids == pids[:3] * 3


@in_loop
async def test_as_many_processes_are_kept_when_one_is_killed_or_the_code_changes(tmp_path: Path) -> None:
    code = write_handler(tmp_path / "code")
    async with host_of(code, processes=2) as host:
        busy = asyncio.create_task(call(host, started=str(tmp_path / "started"), sleep=10))
        await until((tmp_path / "started").exists)
        idle = (await answer(host))["pid"]
        (victim,) = set(host.pids()) - {idle}
        os.kill(victim, signal.SIGKILL)
        assert not (await busy).ok
        assert (await answer(host))["pid"] == idle
        await until(lambda: len(host.pids()) == 2)
        before = set(host.pids())
        (code / "app.py").write_text(HANDLER + "\n")
        await answer(host)
        await until(lambda: len(host.pids()) == 2 and not set(host.pids()) & before)


@in_loop
async def test_without_processes_to_keep_the_first_invocation_starts_one(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code"), processes=0) as host:
        assert host.pids() == []
        assert [(await answer(host))["pid"]] == host.pids()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("import nothing_of_that_name", "Runtime.ImportModuleError", "Unable to import module 'app': No module named"),
        ("def lambda_handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'lambda_handler' missing on module 'app'"),
        ("raise KeyError('TABLE')", "KeyError", "'TABLE'"),
        ("import os; os._exit(4)", "Runtime.ExitError", "exit status 4"),
    ],
)
@in_loop
async def test_a_handler_that_cannot_be_imported_fails_each_invocation_until_it_is_edited(
    tmp_path: Path, text: str, kind: str, message: str
) -> None:
    code = write_handler(tmp_path / "code", text)
    changes: list[int] = []
    async with host_of(code) as host:
        host.on_change = lambda: changes.append(len(host.pids()))
        for _ in range(2):
            seen_kind, seen_message = await failure(host)
            assert seen_kind == kind
            assert message in seen_message
        await until(lambda: changes == [1, 0, 1, 0])  # started for an invocation, and not again without one
        write_handler(code)
        assert await answer(host)


@in_loop
async def test_an_import_that_never_ends_fails_the_invocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gapless.local.function.process.INIT_SECONDS", 0.5)
    async with host_of(write_handler(tmp_path / "code", "import time; time.sleep(60)")) as host:
        kind, message = await failure(host)
        assert (kind, message.partition(" Error: ")[2]) == ("Sandbox.Timedout", "Task timed out after 0.50 seconds")


@in_loop
async def test_a_handler_that_ends_by_itself_after_its_import_is_not_started_for_ever(tmp_path: Path) -> None:
    text = "import os, threading; threading.Timer(0.05, lambda: os._exit(5)).start()\ndef lambda_handler(e, c): pass\n"
    starts: list[int] = []
    code = write_handler(tmp_path / "code", text)
    async with host_of(code) as host:
        host.on_change = lambda: starts.append(len(host.pids()))
        await until(lambda: starts == [0, 1, 0, 1, 0, 1, 0])
        await asyncio.sleep(0.3)
        assert len(starts) == 7


@in_loop
async def test_edited_code_runs_from_the_next_invocation_on(tmp_path: Path) -> None:
    text = "import part\ndef lambda_handler(event, context):\n    return part.VALUE\n"
    code = write_handler(tmp_path / "code", text)
    (code / "part.py").write_text("VALUE = 1\n")
    async with host_of(code) as host:
        assert await answer(host) == 1
        for value in range(2, 6):  # the same size, within the same second
            (code / "part.py").write_text(f"VALUE = {value}\n")
            assert await answer(host) == value
    assert sorted(path.name for path in code.iterdir()) == ["app.py", "part.py"]


@in_loop
async def test_an_edit_lets_invocations_in_flight_finish(tmp_path: Path) -> None:
    code = write_handler(tmp_path / "code")
    async with host_of(code) as host:
        await answer(host)
        slow = asyncio.create_task(answer(host, sleep=0.5, started=str(tmp_path / "started")))
        await until((tmp_path / "started").exists)
        write_handler(code, "def lambda_handler(event, context):\n    return 'edited'\n")
        assert await answer(host) == "edited"
        assert (await slow)["pid"]
        assert await answer(host) == "edited"


@in_loop
async def test_payloads_have_lambdas_limits(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        assert len(await answer(host, letters=6_000_000)) == 6_000_000
        assert (await failure(host, letters=6_291_600))[0] == "Function.ResponseSizeTooLarge"
        assert (await failure(host, x="y" * MAX_EVENT_BYTES))[0] == "RequestEntityTooLargeException"
        assert await answer(host, x="y" * (MAX_EVENT_BYTES - 100))


@in_loop
async def test_a_powertools_handler_runs(tmp_path: Path) -> None:
    text = """
from aws_lambda_powertools import Logger, Metrics, Tracer
logger, metrics = Logger(service="processor"), Metrics(namespace="gapless", service="processor")

@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(log_event=True)
def lambda_handler(event, context):
    logger.info("it ran")
    return {"ran": True}
"""
    lines: list[str] = []
    code = write_handler(tmp_path / "code", text.replace(", Tracer", ""))
    async with host_of(code, log=lines.append) as host:
        for _ in range(3):
            assert await answer(host) == {"ran": True}
        await until(lambda: sum('"it ran"' in line for line in lines) == 3)


@in_loop
async def test_a_stop_ends_an_invocation_and_what_its_handler_started(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        grandchild = await answer(host, child=True)
        running = asyncio.create_task(call(host, sleep=30, started=str(tmp_path / "started")))
        await until((tmp_path / "started").exists)
        await host.stop()
        assert not (await running).ok
        await until(lambda: not is_running(grandchild))
        with pytest.raises(RuntimeError, match="processor is stopped"):
            await call(host)


@in_loop
async def test_a_cancelled_invocation_leaves_no_process_at_work(tmp_path: Path) -> None:
    async with host_of(write_handler(tmp_path / "code")) as host:
        pid = (await answer(host))["pid"]
        running = asyncio.create_task(call(host, sleep=30, started=str(tmp_path / "started")))
        await until((tmp_path / "started").exists)
        running.cancel()
        await asyncio.wait({running})
        assert not psutil.pid_exists(pid)
        assert await answer(host)


PARENT = """
import asyncio, os, sys
from pathlib import Path
from gapless.local.function import FunctionHost, FunctionSettings

async def main():
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:f"
    host = FunctionHost(FunctionSettings("f", "app.lambda_handler", Path(sys.argv[1]), arn, timeout_seconds=60))
    await host.start()
    await asyncio.gather(host.invoke(b"{}"), host.invoke(b"{}"))
    started = sys.argv[1] + "/started"
    invocation = asyncio.create_task(host.invoke(b'{"sleep": 60, "started": "%s"}' % started.encode()))
    while not os.path.exists(started):
        await asyncio.sleep(0.01)
    print(*host.pids(), flush=True)
    await invocation

asyncio.run(main())
"""


@in_loop
async def test_handlers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = write_handler(tmp_path / "code")
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(code), stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
    assert len(pids) == 2  # one idle, one in the middle of an invocation
    parent.kill()
    await parent.wait()
    await until(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has exited, but that nobody has asked after, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
