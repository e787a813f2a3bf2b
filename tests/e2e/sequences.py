"""Counters that hand out their numbers at once, and the first numbers of each."""

from typing import Any

from gapless.counters import Options


def direct(**options: Any) -> Options:
    return Options(allocation="direct", **options)


SEQUENCES = [
    (direct(), [1, 2, 3, 4]),
    (direct(start=1000, increment=5), [1000, 1005, 1010, 1015]),
    (direct(start=2, increment=-2), [2, 0, -2, -4]),
    (direct(start=1, max=3, cycle=True), [1, 2, 3, 1]),
    (direct(start=-1, increment=-1, min=-2, cycle=True), [-1, -2, -1, -2]),
    (direct(start=10**37 + 1, increment=10**36), [10**37 + 1 + step * 10**36 for step in range(4)]),
    (direct(start=10**38 - 4), [10**38 - 4, 10**38 - 3, 10**38 - 2, 10**38 - 1]),
]
