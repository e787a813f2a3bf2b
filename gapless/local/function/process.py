"""One handler process: started, given events one at a time, and replaced rather than repaired."""

import asyncio
import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from gapless.local.function.runtime_api import Invocation, RuntimeApi, Work
from gapless.local.function.settings import FunctionSettings, handler_environment

T = TypeVar("T")

LEASH = Path(__file__).with_name("leash")
INIT_SECONDS = 30.0  # Lambda allows 10; a laptop may start several processes at once
STOP_SECONDS = 2.0
LAST_LINES_SECONDS = 0.5


class HandlerProcess:
    """A process with the handler imported, behind a Runtime API of its own. Events are given to it one at a time.

    exited: done when the process has gone, with its exit status; ended: done when
    besides its last lines are logged and its Runtime API is closed.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        api: RuntimeApi,
        timeout_seconds: float,
        log: Callable[[str], None],
    ) -> None:
        self._process = process
        self._api = api
        self._timeout = timeout_seconds
        self._log = log
        self.pid = process.pid
        self.exited: asyncio.Task[int] = asyncio.create_task(process.wait())
        self.ended: asyncio.Task[int] = asyncio.create_task(self._run())

    @classmethod
    async def start(cls, settings: FunctionSettings, python: str, log: Callable[[str], None]) -> "HandlerProcess":
        """Start a process; does not wait for the handler's import.

        log: called with each line the process prints.
        """
        api = RuntimeApi(settings.arn)
        address = await api.start()
        try:
            process = await asyncio.create_subprocess_exec(
                *(python, "-m", "awslambdaric", settings.handler),
                cwd=settings.code,
                env={**handler_environment(settings, address, uuid.uuid4().hex), "PYTHONPATH": str(LEASH)},
                stdin=asyncio.subprocess.PIPE,  # the leash: it closes when this process ends
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is the stack's; and one kill reaches its children
            )
        except BaseException:
            await api.stop()
            raise
        return cls(process, api, settings.timeout_seconds, log)

    @property
    def initialised(self) -> bool:
        """Whether the handler was imported."""
        return self._api.ready.is_set()

    @property
    def alive(self) -> bool:
        """Whether it can be given an event: starting, or waiting for one."""
        return self._process.returncode is None and not self._api.lost

    async def initialise(self) -> bool:
        """Wait until the handler is imported; False when the process ends, or takes too long, without."""
        if not self.initialised:
            await self._until_end(self._api.ready.wait(), INIT_SECONDS)
        return self.initialised

    async def invoke(self, event: bytes) -> Invocation:
        """Give it one event and wait for the answer, its end, or the timeout, whichever is first."""
        request_id = str(uuid.uuid4())
        if not await self.initialise():
            return self._api.init_error or await self._failure(request_id, INIT_SECONDS)
        deadline_ms = int((time.time() + self._timeout) * 1000)
        answer = await self._until_end(self._api.deliver(Work(request_id, event, deadline_ms)), self._timeout)
        return answer or await self._failure(request_id, self._timeout)

    async def stop(self) -> None:
        """End it, by SIGTERM and then by force, and everything it started."""
        self._signal(signal.SIGTERM)
        await asyncio.wait({self.ended}, timeout=STOP_SECONDS)
        await self.kill()

    async def kill(self) -> None:
        """End it by force."""
        self._signal(signal.SIGKILL)
        await asyncio.shield(self.ended)

    async def _run(self) -> int:
        """Log what it prints until it exits, then close its Runtime API."""
        logging = asyncio.create_task(self._pass_on_lines())
        status = await self.exited
        # A process it started itself may hold the pipe open: then its output is of no more interest.
        await asyncio.wait({logging}, timeout=LAST_LINES_SECONDS)
        logging.cancel()
        if self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(ConnectionError):
                await self._process.stdin.wait_closed()
        await self._api.stop()
        return status

    async def _until_end(self, work: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """The result of `work`, or None when the process ends or the time is up before it."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, self.ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()

    async def _failure(self, request_id: str, seconds: float) -> Invocation:
        """Word the end of a process as Lambda does; one that is still running has used up its time."""
        if not self.ended.done():
            await self.kill()
            message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            return Invocation.failed("Sandbox.Timedout", message)
        reason = exit_reason(self.ended.result())
        return Invocation.failed("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def _pass_on_lines(self) -> None:
        """Log what the process prints, line by line; awslambdaric ends the lines of a traceback with \\r."""
        output = self._process.stdout
        rest = b""
        while output is not None and (chunk := await output.read(65536)):
            *lines, rest = re.split(rb"[\r\n]", rest + chunk)
            for line in filter(None, lines):
                self._log(line.decode(errors="replace"))
        if rest:
            self._log(rest.decode(errors="replace"))


def exit_reason(status: int) -> str:
    """An exit status in Lambda's words; negative: the signal that ended the process."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
