"""What `gapless up` was told, and the folder it works in."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gapless.local.template import samconfig_parameters
from gapless.target import STACK_FILE


class StackInUse(Exception):
    """Another stack works in the same folder."""


@dataclass(frozen=True)
class StackSettings:
    """What `gapless up` was told.

    data: the folder that keeps tables and stream positions, None for a fresh start; shards: of the stream, at its first
    start; processes: of each function that reads a stream, at least; outage: seconds of a simulated one, 0 for none.
    """

    template: Path = Path("template.yaml")
    name: str = "gapless-local"
    port: int = 8080
    data: Path | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    dynamodb_endpoint: str | None = None
    shards: int = 4
    processes: int = 1
    outage: int = 0

    @property
    def stack_file(self) -> Path:
        """Where other commands find this stack."""
        return self.data / STACK_FILE.name if self.data else STACK_FILE


def local_parameters(settings: StackSettings) -> dict[str, str]:
    """The template's parameters: samconfig.toml's `local` environment, and over it what the user said."""
    samconfig = settings.template.parent / "samconfig.toml"
    defaults = samconfig_parameters(samconfig, "local") if samconfig.exists() else {}
    return defaults | settings.parameters


@contextmanager
def working_folder(data: Path | None) -> Iterator[Path]:
    """The folder of --data, locked against a second stack, or one that is gone afterwards. Raises StackInUse."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="gapless-") as folder:
            yield Path(folder)
        return
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackInUse(f"another stack works in {data}; stop it, or name another folder with --data") from None
        yield data
