"""How a breach of a rule is planted."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from tests.template.declared import Stack

Rule: TypeAlias = Callable[[Stack], Iterator[str]]
Plant: TypeAlias = Callable[[Stack], None]
Planted: TypeAlias = list[tuple[Rule, Plant]]


def breaks(rule: Rule, planted: Planted) -> Callable[[Plant], Plant]:
    """Lists the function below, which breaks a stack, with the rule that must notice."""

    def listed(plant: Plant) -> Plant:
        planted.append((rule, plant))
        return plant

    return listed
