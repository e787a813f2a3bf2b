"""A pool of handler processes: one for each invocation in flight, reused, replaced when it ends or its code changes.

Of the idle ones the next invocation gets the one that was used longest ago. Lambda promises nothing of the kind; here
it means that with two processes or more successive batches of a shard meet different ones, as they may on Lambda.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from gapless.local.function.process import HandlerProcess
from gapless.local.function.runtime_api import MAX_EVENT_BYTES, Invocation
from gapless.local.function.settings import FunctionSettings

IDLE_RESTARTS = 3

Snapshot = frozenset[tuple[str, int, int]]


class FunctionHost:
    """Invokes one function.

    python: the interpreter the handler runs on; log: called with each line it prints; processes: how many there are
    at least from the start on, with 0 the first invocation starts one; concurrency: how many at most, further
    invocations wait; on_change: called when a process was started or has ended.
    """

    def __init__(
        self,
        settings: FunctionSettings,
        *,
        python: str = sys.executable,
        log: Callable[[str], None] | None = None,
        processes: int = 1,
        concurrency: int = 8,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._python = python
        self._log = log or (lambda line: None)
        self.on_change = on_change or (lambda: None)
        self._processes = processes
        self._slots = asyncio.Semaphore(concurrency)
        self._code: dict[HandlerProcess, Snapshot] = {}  # every live process, and the code it was started with
        self._idle: deque[HandlerProcess] = deque()  # the one used longest ago first
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._restarts = IDLE_RESTARTS  # left until the next invocation

    async def start(self) -> None:
        """Start the processes and wait until their handler is imported, so that the first invocation finds one warm.
        A handler that cannot be imported is no error here: its first invocation says so."""
        await asyncio.gather(*(self._start_idle() for _ in range(self._processes)))

    async def invoke(self, event: bytes) -> Invocation:
        """Run the handler once on `event`, a JSON document.

        A crash, a timeout and an import error are failed invocations, as in Lambda.
        Raises RuntimeError when the host is stopped: then the function was not invoked.
        """
        if len(event) > MAX_EVENT_BYTES:
            message = f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
            return Invocation.failed("RequestEntityTooLargeException", message)
        self._restarts = IDLE_RESTARTS
        async with self._slots:
            process = await self._take()
            try:
                invocation = await process.invoke(event)
            except BaseException:
                await process.kill()  # cancelled: whatever the handler is doing now, nobody waits for it
                raise
            if process.alive:
                self._idle.append(process)
            return invocation

    async def stop(self) -> None:
        """End every process, also in the middle of an invocation, which then fails."""
        self._stopping = True
        await asyncio.gather(*(process.stop() for process in list(self._code)))
        await asyncio.gather(*self._tasks)

    def pids(self) -> list[int]:
        """The live handler processes."""
        return [process.pid for process in self._code if not process.exited.done()]

    async def _take(self) -> HandlerProcess:
        """An idle process with the code as it is on disk now, or a new one; and start what is missing besides."""
        if self._stopping:
            raise RuntimeError(f"the function host of {self._settings.name} is stopped")
        await asyncio.sleep(0)  # lets the loop see connections that a dead process has dropped
        code = take_snapshot(self._settings.code)
        taken = None
        while self._idle and taken is None:
            process = self._idle.popleft()
            if process.alive and self._code.get(process) == code:
                taken = process
            else:
                self._background(process.stop())
        taken = taken or await self._start_process()
        current = sum(one.alive and its_code == code for one, its_code in self._code.items())
        for _ in range(self._processes - current):
            self._background(self._replace())
        return taken

    async def _start_idle(self) -> None:
        process = await self._start_process()
        self._idle.append(process)
        await process.initialise()

    async def _replace(self) -> None:
        # OSError: the code folder is gone, and the next invocation says so. RuntimeError: `stop` came in between.
        with suppress(OSError, RuntimeError):
            await self._start_idle()

    async def _start_process(self) -> HandlerProcess:
        code = take_snapshot(self._settings.code)  # before the import: an edit during it counts as a change
        process = await HandlerProcess.start(self._settings, self._python, self._log)
        if self._stopping:  # since the start began: `stop` has not seen it
            await process.kill()
            raise RuntimeError(f"the function host of {self._settings.name} is stopped")
        self._code[process] = code
        self._background(self._watch(process))
        self.on_change()
        return process

    async def _watch(self, process: HandlerProcess) -> None:
        """Drop a process when it ends. If it was idle, somebody killed it: one that is missed is then replaced, so that
        the next invocation finds it warm. Not for ever, though: a handler may end by itself right after its import."""
        await asyncio.wait({process.exited})
        del self._code[process]
        was_idle = process in self._idle
        if was_idle:
            self._idle.remove(process)
        self.on_change()
        missed = len(self._code) < self._processes
        if was_idle and process.initialised and missed and not self._stopping and self._restarts:
            self._restarts -= 1
            await self._replace()
        await asyncio.wait({process.ended})

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def take_snapshot(code: Path) -> Snapshot:
    """Path, mtime and size of every Python file below `code`: what an edit changes."""
    files = set()
    for entry in source_files(code):
        with suppress(FileNotFoundError):  # an editor's temporary file, gone again
            stat = entry.stat()
            files.add((entry.path, stat.st_mtime_ns, stat.st_size))
    return frozenset(files)


def source_files(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """The *.py files below a folder, hidden folders and __pycache__ left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "__pycache__")):
                continue
            if entry.is_dir():
                yield from source_files(entry.path)
            elif entry.name.endswith(".py"):
                yield entry
