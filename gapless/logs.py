"""Reads what a stack's functions and its API have logged: from CloudWatch, or the files of a local stack."""

import heapq
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gapless.deployed import find_resources, make_client
from gapless.log_lines import LogLine, read_time
from gapless.target import Target

PAUSE = 1.0  # seconds between two looks
LATE = 60_000  # ms that CloudWatch may take to show a line
PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


class NoLog(Exception):
    """The stack has no such log; the text says why."""


class Reader(Protocol):
    """One log."""

    def read(self) -> Iterator[LogLine]:
        """What was logged since the last look, in order as far as the log is."""


def read_logs(
    target: Target, sources: Sequence[str], since: float, request_id: str | None = None, *, follow: bool = False
) -> Iterator[LogLine]:
    """The lines of some logs, in the order of their times; follow: go on for ever with what comes.

    since: epoch s; request_id: only lines that mention it. Raises NoLog.
    """
    readers = find_deployed(target, sources, since, request_id) if target.stack else find_local(target, sources)
    while True:
        for line in heapq.merge(*(reader.read() for reader in readers), key=lambda one: one.at):
            if line.at >= since and (request_id is None or line.mentions(request_id)):
                yield line
        if not follow:
            return
        time.sleep(PAUSE)


def find_deployed(target: Target, sources: Sequence[str], since: float, request_id: str | None) -> list[Reader]:
    """The log groups of a deployed stack; of all sources, those that there are."""
    resources = find_resources(target)
    groups = {one.logical_id: one.physical_id for one in resources if one.type == "AWS::Logs::LogGroup"}
    found = [(source, groups.get(f"{source.capitalize()}Logs", "")) for source in sources]
    missing = [source for source, group in found if not group]
    if missing == list(sources):
        raise NoLog(f"the stack {target.stack} has no log of {' and '.join(missing)}")
    client = make_client(target, "logs")
    return [GroupReader(client, source, group, since, request_id) for source, group in found if group]


def find_local(target: Target, sources: Sequence[str]) -> list[Reader]:
    """The log files of a local stack."""
    if list(sources) == ["api"]:
        raise NoLog("a local stack has no access log: the API's answers are seen by their caller only")
    if not target.logs:
        raise NoLog("the local stack keeps no logs: start it again with this version of `gapless up`")
    return [FileReader(Path(target.logs) / f"{source}.log", source) for source in sources if source != "api"]


class GroupReader:
    """A log group of CloudWatch (logs:FilterLogEvents).

    Lines may show late and out of order, so each look begins a minute before the newest line, and knows what it has
    shown. Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """

    def __init__(self, client: Any, source: str, group: str, since: float, request_id: str | None) -> None:
        self._pages = client.get_paginator("filter_log_events")
        self._source = source
        self._query: dict[str, Any] = {"logGroupName": group}
        # A filter pattern has a syntax of its own: an id that could be taken for it is looked for here.
        if request_id is not None and PLAIN.fullmatch(request_id):
            self._query["filterPattern"] = f'"{request_id}"'
        self._start = round(since * 1000)
        self._shown: dict[str, int] = {}

    def read(self) -> Iterator[LogLine]:
        """What has come since the last look."""
        newest = self._start
        for page in self._pages.paginate(**self._query, startTime=self._start):
            for event in sorted(page["events"], key=lambda one: int(one["timestamp"])):
                at = int(event["timestamp"])
                newest = max(newest, at)
                if event["eventId"] not in self._shown:
                    self._shown[event["eventId"]] = at
                    yield LogLine(at / 1000, self._source, event["message"].rstrip("\n"))
        self._start = max(self._start, newest - LATE)
        self._shown = {one: at for one, at in self._shown.items() if at >= self._start}


class FileReader:
    """A log file that becomes `<name>.1` when it is full, whereupon a new one begins.

    place: how far the file with that inode is read; before the first look that is the start of `<name>.1`.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._old = path.with_name(f"{path.name}.1")
        self._source = source
        self._inode = self._old.stat().st_ino if self._old.exists() else None
        self._place = 0
        self._at = 0.0

    def read(self) -> Iterator[LogLine]:
        """What has come since the last look."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            if (inode := os.fstat(file.fileno()).st_ino) != self._inode:
                yield from self._finish_old()
                self._inode, self._place = inode, 0
            yield from self._read_on(file)

    def _finish_old(self) -> Iterator[LogLine]:
        """The rest of the file that was read last, which is the old one by now."""
        try:
            file = self._old.open("rb")
        except FileNotFoundError:
            return
        with file:
            if os.fstat(file.fileno()).st_ino == self._inode:
                yield from self._read_on(file)

    def _read_on(self, file: BinaryIO) -> Iterator[LogLine]:
        """The lines that are there; one that is half written is left for the next look.

        A line without a time has that of the line before it, and where there is none, of the file's last change.
        """
        file.seek(self._place)
        for line in file:
            if not line.endswith(b"\n"):
                return
            self._place += len(line)
            text = line.decode("utf-8", "replace").rstrip("\n")
            self._at = read_time(text) or self._at
            yield LogLine(self._at or os.fstat(file.fileno()).st_mtime, self._source, text)
