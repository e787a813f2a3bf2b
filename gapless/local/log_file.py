"""What a function prints, kept in a file that does not grow without end: `gapless logs` reads it."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

MOST_BYTES = 8 * 1024 * 1024


class LogFile:
    """Lines at the end of a file. At 8 MiB it becomes `<name>.1`, in place of an older one, and a new one begins.

    A line that cannot be written, as on a full disk, is lost: it is never the stack's end.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(path, maxBytes=most_bytes, backupCount=1, encoding="utf-8", delay=True)
        self._name = str(path)

    def write(self, line: str) -> None:
        """Add a line, as it is."""
        self._handler.handle(logging.LogRecord(self._name, logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
