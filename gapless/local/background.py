"""A local stack in a process of its own, for those who only want to use one for a while."""

import json
import signal
import subprocess  # nosec B404 - commands are lists of words, never a shell's text
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapless.target import NotReachable, Target, to_target

STOP_SECONDS = 30.0


@dataclass
class BackgroundStack:
    """A running `gapless up`. folder: its --data; log: what it and its functions have printed."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    description: dict[str, Any]

    @property
    def target(self) -> Target:
        """Where it is reached."""
        return to_target(self.description)

    @property
    def log(self) -> str:
        """Everything it has printed to standard error so far."""
        return log_file(self.folder).read_text(errors="replace")

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Ask it to stop, make sure that it does, and return its exit code."""
        self.process.send_signal(signal_number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start_stack(folder: Path, *options: str) -> BackgroundStack:
    """Start `gapless up` on a free port, with `folder` as its --data. Raises NotReachable when it does not come up."""
    leashed = [sys.executable, "-m", "gapless.local.leash", "gapless"]
    command = [*leashed, "up", "--port", "0", "--data", str(folder), "--output", "json", *options]
    folder.mkdir(parents=True, exist_ok=True)
    with log_file(folder).open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        process.wait()
        raise NotReachable(f"the stack did not start:\n{log_file(folder).read_text(errors='replace')}")
    return BackgroundStack(process, folder, json.loads(line))


@contextmanager
def running_stack(*options: str) -> Iterator[BackgroundStack]:
    """A stack with a folder of its own, both gone afterwards. Raises NotReachable."""
    with tempfile.TemporaryDirectory(prefix="gapless-") as folder:
        stack = start_stack(Path(folder), *options)
        try:
            yield stack
        finally:
            stack.stop()


def log_file(folder: Path) -> Path:
    """Where a stack in the background prints."""
    return folder / "stack.log"
