"""What one commit leaves on the counter: who owns the numbers it took. Pure.

    counter item    value  version  fence   L<lane> {m: mark, t: time, n: newest, a: accepted, r: refused | j: journal}
                                            B<lane> base
                                            w: when each was received
    journal item    entryId   a: accepted   r: refused   w: when   ttl

The i-th accepted id, counted from 0, owns ordinal base + 1 + i. Only a lane's last entry is kept: it is replaced by the
next commit of the lane, which has seen to it that every request of this one is written.
"""

import hashlib
import re
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

NO_SHARD = "_"
MARK_BYTES = 17  # a stream's sequence numbers have up to 40 digits
TIME_BYTES = 6  # epoch ms until the year 10889
# What is refused, and how it is written in an entry. Other codes come from work() and are written as Rejected.
CODES = (
    "Rejected",
    "InvalidBody",
    "ResultTooLarge",
    "UnusableCounter",
    "DirectCounter",
    "CounterExhausted",
    "Unprocessable",
)
REJECTED = CODES[0]
UUIDS, TEXTS = b"\0", b"\1"
CANONICAL_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Owners:
    """The ids that an entry decides on, in the stream's order: those with a number, and those refused with a code.

    received: received_at of each of `ids`, epoch ms: an id that was deleted can be used again, and then it is another
    request's. Empty when it is not known, and then the id alone counts.
    """

    accepted: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    received: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return self.accepted + tuple(request_id for request_id, _ in self.refused)

    @property
    def requests(self) -> tuple[tuple[str, int | None], ...]:
        """Each id, and when it was received."""
        return tuple(zip(self.ids, self.received or repeat(None), strict=False))


@dataclass(frozen=True)
class Entry:
    """A lane's last commit.

    mark: sequence number of the last record it has decided on; base: the counter's value before it; committed_at: epoch
    s; newest: the latest received_at of a request that the lane has decided on, epoch ms; owners, or the key of the
    journal item that has them.
    """

    mark: int
    base: int
    committed_at: int
    newest: int
    owners: Owners | None = None
    journal: bytes | None = None


def lane_of(shard_id: str | None) -> str:
    """The lane of a shard: 8 characters that stand for its id in attribute names."""
    if shard_id is None:
        return NO_SHARD
    return urlsafe_b64encode(hashlib.sha256(shard_id.encode()).digest()[:6]).decode()


def pack_accepted(owners: Owners) -> bytes:
    """The accepted ids, to be stored."""
    return pack_ids(owners.accepted)


def pack_refused(owners: Owners) -> bytes:
    """The refused ids after a byte for each one's code, and the count of them before."""
    codes = bytes(CODES.index(stored_code(code)) for _, code in owners.refused)
    return len(codes).to_bytes(4, "big") + codes + pack_ids([request_id for request_id, _ in owners.refused])


def pack_received(owners: Owners) -> bytes:
    """The first of the times, and what is to be added to it for each: one or two bytes for what comes in together."""
    if not owners.received:
        return b""
    first = min(owners.received)
    return first.to_bytes(TIME_BYTES, "big") + b"".join(pack_offset(time - first) for time in owners.received)


def pack_offset(offset: int) -> bytes:
    """A whole number in as few bytes as it needs: seven bits in each, the low ones first, and a bit for "more"."""
    packed = bytearray()
    while offset > 0x7F:
        packed.append(offset & 0x7F | 0x80)
        offset >>= 7
    packed.append(offset)
    return bytes(packed)


def stored_code(code: str) -> str:
    """What an entry makes of a refusal's code."""
    return code if code in CODES else REJECTED


def unpack_owners(accepted: bytes, refused: bytes, received: bytes = b"") -> Owners:
    """Read what pack_accepted, pack_refused and pack_received have written; b"" for none."""
    count = int.from_bytes(refused[:4], "big")
    codes = (CODES[code] for code in refused[4 : 4 + count])
    first = int.from_bytes(received[:TIME_BYTES], "big")
    return Owners(
        unpack_ids(accepted),
        tuple(zip(unpack_ids(refused[4 + count :]), codes, strict=True)),
        tuple(first + offset for offset in _offsets(received[TIME_BYTES:])),
    )


def pack_ids(ids: Sequence[str]) -> bytes:
    """16 bytes an id when all are UUIDs in canonical form, else their text. Never a digest: they have to be found."""
    packed = [pack_uuid(one) for one in ids]
    if all(packed):
        return UUIDS + b"".join(packed)
    texts = (one.encode("utf-8", "surrogatepass") for one in ids)
    return TEXTS + b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def pack_uuid(text: str) -> bytes:
    """A canonical UUID's 16 bytes; b"" when the text could not be had back from them."""
    return bytes.fromhex(text.replace("-", "")) if CANONICAL_UUID.fullmatch(text) else b""


def unpack_ids(packed: bytes) -> tuple[str, ...]:
    """Read what pack_ids has written."""
    if packed[:1] == TEXTS:
        return tuple(_texts(packed))
    return tuple(str(uuid.UUID(bytes=packed[place : place + 16])) for place in range(1, len(packed), 16))


def _texts(packed: bytes) -> Iterable[str]:
    place = 1
    while place < len(packed):
        end = place + 2 + int.from_bytes(packed[place : place + 2], "big")
        yield packed[place + 2 : end].decode("utf-8", "surrogatepass")
        place = end


def _offsets(packed: bytes) -> Iterable[int]:
    offset = place = 0
    for byte in packed:
        offset |= (byte & 0x7F) << place
        place += 7
        if not byte & 0x80:
            yield offset
            offset = place = 0


def entry_size(entry: Entry, lane: str) -> int:
    """Bytes that an entry takes of the counter's item, by DynamoDB's rules, rounded up a little.

    Developer guide, "DynamoDB item sizes and formats": a map has 3 bytes and each of its elements one more.
    """
    names = 2 * (1 + len(lane))
    numbers = 21 + 2 + 7 + 2 + 8  # base, t, n
    size = names + 3 + 2 + MARK_BYTES + numbers
    if entry.journal:
        size += 2 + len(entry.journal)
    if entry.owners:
        size += 6 + owners_size(entry.owners)
    return size


def owners_size(owners: Owners) -> int:
    """Bytes of the ids as they are stored."""
    return len(pack_accepted(owners)) + len(pack_refused(owners)) + len(pack_received(owners))
