"""Where a mapping has got to, kept in a file so that a new start neither loses a record nor repeats many.

A stop saves the records that were read but not finished, whole: an engine that loses its stream over a restart
(ministack does) cannot give them again. While running, only the position of the oldest unfinished record is saved:
after a kill the stream is read again from there, and what a shard had finished beyond it is skipped.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gapless.local.stream.reader import Position


@dataclass
class SavedShard:
    """One logical shard.

    hashes: the first and the last of its range; parents: ids; after, until: see Shard; finished: per lane, the last
    sequence number done of each shard of the engine; windows: per lane, its open tumbling window; pending: records that
    are unfinished, as they stand in events.
    """

    shard_id: str
    hashes: tuple[int, int]
    parents: list[str]
    after: dict[str, str]
    until: dict[str, str] | None
    finished: list[dict[str, str]]
    windows: list[dict[str, Any] | None]
    pending: list[dict[str, Any]]


@dataclass
class Checkpoint:
    """positions: per shard of the engine, where to read on; shards: the logical ones, parents first; made: how many
    there have been; pending: unfinished records of no shard, which only files from before shards were saved have."""

    stream_arn: str
    positions: dict[str, Position | None] = field(default_factory=dict)
    shards: list[SavedShard] = field(default_factory=list)
    made: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path | None, stream_arn: str) -> "Checkpoint":
        """Read the file. A missing one, or one of another stream (its table was made anew), is an empty checkpoint."""
        if path is None or not path.exists():
            return cls(stream_arn)
        saved: dict[str, Any] = json.loads(path.read_text())
        if saved["stream_arn"] != stream_arn:
            return cls(stream_arn)
        return cls(
            stream_arn,
            positions={shard: Position(**at) if at else None for shard, at in saved["positions"].items()},
            shards=[SavedShard(**one) for one in saved.get("shards", [])],
            made=saved.get("made", 0),
            pending=saved["pending"],
        )

    def save(self, path: Path | None) -> None:
        """Write the file in one step: a reader, and a kill, see the old one or the new one."""
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)
