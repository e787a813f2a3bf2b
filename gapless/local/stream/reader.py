"""Reads a DynamoDB stream of the engine from a position on, through every shard, parents before children."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from gapless.local.engine import Engine, EngineError
from gapless.local.stream.record import RawRecord, identity

STREAMS = "DynamoDBStreams_20120810"
# The iterator is of no use any more, or the record it starts from is gone: open the shard again.
STALE = frozenset({"ExpiredIteratorException", "TrimmedDataAccessException"})
CLOSED = ""  # in place of the iterator of a shard that was read to its end


@dataclass(frozen=True)
class Position:
    """A record in one of the engine's shards, and whether reading goes on behind it (finished) or with it.

    identity: tells whether the record with this sequence number is still the same, see `StreamReader.open`.
    """

    sequence: str
    identity: str
    finished: bool


class StreamReader:
    """Reads every shard of a stream in the order of its changes.

    positions: the last record read of each open shard, None before the first.
    renumbered: whether the stream that `open` found was not the one its positions were taken from.
    """

    def __init__(self, engine: Engine, stream_arn: str) -> None:
        self._engine = engine
        self._arn = stream_arn
        self._iterators: dict[str, str] = {}
        self.positions: dict[str, Position | None] = {}
        self.renumbered = False

    async def open(self, positions: Mapping[str, Position | None], starting_position: str) -> None:
        """Go to where reading begins: to the positions, or without any to the starting position.

        An engine may have lost its stream, or started to number it anew, since the positions were taken: ministack
        keeps tables over a restart but not their streams. So a position counts only while the record there is the
        same; otherwise everything the stream holds now is new, and is read from its beginning.
        """
        parents = await self._parents()
        known = {shard: position for shard, position in positions.items() if shard in parents}
        if known:
            # A shard below one that is read again comes up again when that one is finished.
            for shard in known:
                if not ancestors(shard, parents) & known.keys():
                    await self._resume(shard, known[shard])
        elif starting_position == "LATEST" and not positions:
            for shard in parents.keys() - set(parents.values()):
                await self._begin(shard, "LATEST")
        else:
            self.renumbered = bool(positions)
            for shard, parent in parents.items():
                if parent not in parents:
                    await self._begin(shard, "TRIM_HORIZON")

    async def pages(self) -> AsyncIterator[tuple[str, list[RawRecord]]]:
        """Read on in every open shard, once: yields the shard and its records, or no records when one was left for
        its children or opened again. Yields nothing at the end of the stream.

        Each page is yielded before the next call of the engine, so that a failing call loses none.
        """
        for shard in list(self._iterators):
            records: list[RawRecord] = []
            if self._iterators[shard] == CLOSED:
                await self._go_on_with_children(shard)
            elif (answer := await self._get_records(shard)) is not None:
                records = answer["Records"]
                self._iterators[shard] = answer.get("NextShardIterator") or CLOSED
                if records:
                    last = records[-1]
                    self.positions[shard] = Position(last["dynamodb"]["SequenceNumber"], identity(last), finished=True)
                elif self._iterators[shard] != CLOSED:
                    continue
            yield shard, records

    async def _get_records(self, shard: str) -> dict[str, Any] | None:
        """One page, or None when the shard had to be opened again for the next."""
        try:
            return await self._call("GetRecords", ShardIterator=self._iterators[shard], Limit=1000)
        except EngineError as error:
            if error.code not in STALE:
                raise
            await self._reopen(shard)
            return None

    async def _go_on_with_children(self, shard: str) -> None:
        parents = await self._parents()
        for child in (one for one, parent in parents.items() if parent == shard and one not in self._iterators):
            await self._begin(child, "TRIM_HORIZON")
        del self._iterators[shard], self.positions[shard]

    async def _resume(self, shard: str, position: Position | None) -> None:
        if position is None:
            await self._begin(shard, "TRIM_HORIZON")
            return
        try:
            iterator = await self._iterator(shard, "AT_SEQUENCE_NUMBER", position.sequence)
            answer = await self._call("GetRecords", ShardIterator=iterator, Limit=1)
        except EngineError as error:
            if error.code not in STALE:
                raise
            answer = {"Records": []}
        if not answer["Records"] or identity(answer["Records"][0]) != position.identity:
            self.renumbered = True
            await self._begin(shard, "TRIM_HORIZON")
            return
        self.positions[shard] = position
        self._iterators[shard] = answer.get("NextShardIterator") or CLOSED if position.finished else iterator

    async def _reopen(self, shard: str) -> None:
        position = self.positions[shard]
        try:
            if position is None:
                await self._begin(shard, "TRIM_HORIZON")
            else:
                self._iterators[shard] = await self._iterator(shard, "AFTER_SEQUENCE_NUMBER", position.sequence)
        except EngineError as error:
            if error.code not in STALE:
                raise
            await self._begin(shard, "TRIM_HORIZON")

    async def _begin(self, shard: str, where: str) -> None:
        self._iterators[shard] = await self._iterator(shard, where)
        self.positions[shard] = None

    async def _iterator(self, shard: str, where: str, sequence: str | None = None) -> str:
        at = {"SequenceNumber": sequence} if sequence else {}
        answer = await self._call("GetShardIterator", StreamArn=self._arn, ShardId=shard, ShardIteratorType=where, **at)
        return str(answer["ShardIterator"])

    async def _parents(self) -> dict[str, str | None]:
        """Every shard of the stream, and its parent."""
        parents: dict[str, str | None] = {}
        start: dict[str, str] = {}
        while True:
            answer = await self._call("DescribeStream", StreamArn=self._arn, **start)
            description = answer["StreamDescription"]
            parents |= {shard["ShardId"]: shard.get("ParentShardId") for shard in description["Shards"]}
            if not (last := description.get("LastEvaluatedShardId")):
                return parents
            start = {"ExclusiveStartShardId": last}

    async def _call(self, action: str, **request: Any) -> dict[str, Any]:
        return await self._engine.call(f"{STREAMS}.{action}", request)


def ancestors(shard: str, parents: Mapping[str, str | None]) -> set[str]:
    """The shards a shard came from, as far back as the stream still lists them."""
    found: set[str] = set()
    parent = parents.get(shard)
    while parent is not None and parent in parents:
        found.add(parent)
        parent = parents[parent]
    return found
