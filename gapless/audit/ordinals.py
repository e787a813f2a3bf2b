"""A large set of ordinals, a bit each: ten million in a row take 1.3 MB. Pure."""

from collections.abc import Iterable, Iterator

CHUNK = 1 << 16  # ordinals, a byte for eight of them
FULL = b"\xff" * (CHUNK // 8)

Run = tuple[int, int]  # the first and the last


class Ordinals:
    """Ordinals from 1 on. Chunks without any take no room, so a single one may be as far off as it likes."""

    def __init__(self) -> None:
        self._chunks: dict[int, bytearray] = {}

    def add(self, ordinal: int) -> bool:
        """Add one; whether it was not there before."""
        chunk, place = divmod(ordinal - 1, CHUNK)
        bits = self._chunks.get(chunk)
        if bits is None:
            bits = self._chunks[chunk] = bytearray(CHUNK // 8)
        byte, mask = place >> 3, 1 << (place & 7)
        if bits[byte] & mask:
            return False
        bits[byte] |= mask
        return True

    def __contains__(self, ordinal: int) -> bool:
        chunk, place = divmod(ordinal - 1, CHUNK)
        bits = self._chunks.get(chunk)
        return bits is not None and bool(bits[place >> 3] >> (place & 7) & 1)

    @property
    def highest(self) -> int:
        """The highest of them, 0 if there is none."""
        if not self._chunks:
            return 0
        last = max(self._chunks)
        return last * CHUNK + int.from_bytes(self._chunks[last], "little").bit_length()

    def missing(self, last: int) -> Iterator[Run]:
        """The runs of 1 to `last` that are not in it, in order."""
        return join_runs(self._holes(last))

    def _holes(self, last: int) -> Iterator[Run]:
        """The same in pieces; a chunk that is not there is one piece."""
        expected = 0
        for chunk in sorted(self._chunks):
            first = chunk * CHUNK + 1
            if first > last:
                break
            if expected < chunk:
                yield expected * CHUNK + 1, first - 1
            if self._chunks[chunk] != FULL:
                yield from _clear_runs(self._chunks[chunk], first, last)
            expected = chunk + 1
        if expected * CHUNK < last:
            yield expected * CHUNK + 1, last

    def above(self, bound: int) -> Iterator[int]:
        """Those above `bound`, in order."""
        for chunk in sorted(self._chunks):
            if (chunk + 1) * CHUNK > bound:
                yield from (one for one in _set_bits(self._chunks[chunk], chunk * CHUNK + 1) if one > bound)


def _clear_runs(bits: bytearray, first: int, last: int) -> Iterator[Run]:
    """The ordinals up to `last` whose bit is 0, in short runs; first: the first bit's."""
    for start, byte in zip(range(first, last + 1, 8), bits, strict=False):
        if byte == 0:
            yield start, min(start + 7, last)
        elif byte != 0xFF:
            ends = range(start, min(start + 8, last + 1))
            yield from ((one, one) for one in ends if not byte >> (one - start) & 1)


def _set_bits(bits: bytearray, first: int) -> Iterator[int]:
    """The ordinals whose bit is 1."""
    for start, byte in zip(range(first, first + CHUNK, 8), bits, strict=True):
        if byte:
            yield from (start + place for place in range(8) if byte >> place & 1)


def join_runs(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs in order, with those that touch made one."""
    current: Run | None = None
    for first, last in runs:
        if current and first == current[1] + 1:
            current = current[0], last
            continue
        if current:
            yield current
        current = first, last
    if current:
        yield current


def without(runs: Iterable[Run], left_out: Iterable[int]) -> Iterator[Run]:
    """The runs less some ordinals; both in order."""
    rest = iter(left_out)
    skip = next(rest, None)
    for first, last in runs:
        start = first
        while skip is not None and skip <= last:
            if skip >= start:
                if start < skip:
                    yield start, skip - 1
                start = skip + 1
            skip = next(rest, None)
        if start <= last:
            yield start, last


def split_runs(runs: Iterable[Run], at: int) -> tuple[list[Run], list[Run]]:
    """The runs below `at`, and those from it on."""
    below, above = [], []
    for first, last in runs:
        if first < at:
            below.append((first, min(last, at - 1)))
        if last >= at:
            above.append((max(first, at), last))
    return below, above


def count_runs(runs: Iterable[Run]) -> int:
    """How many ordinals they are."""
    return sum(last - first + 1 for first, last in runs)
