"""A plot of what `gapless bench patterns` has measured. Needs matplotlib, of the extra `plot`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from gapless.bench.patterns import TITLES, Pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which the colour-blind can tell apart, and a marker each.
STYLES = {
    "optimistic": ("#E69F00", "v"),
    "naive": ("#D55E00", "s"),
    "transaction-per-item": ("#56B4E9", "^"),
    "transaction": ("#0072B2", "D"),
    "lanes": ("#009E73", "o"),
}
# Text stays text, so that an SVG is small; the salt, and no date, so that the same figures make the same file.
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gapless",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_patterns(patterns: Sequence[Pattern], file: Path) -> None:
    """Write numbers a second above, write units a number below, by workers, a column for each size of batches.

    file: its suffix says whether it is PNG or SVG.
    """
    batches = sorted({one.batch for one in patterns})
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(3.1 * max(2, len(batches)), 6), layout="constrained")
        grid = figure.subplots(2, len(batches), squeeze=False, sharex=True, sharey="row")
        for (rates, costs), batch in zip(grid.T, batches, strict=True):
            cell = [one for one in patterns if one.batch == batch]
            rates.set_title("one at a time" if batch == 1 else f"batches of {batch}")
            draw(rates, cell, "numbers_per_second")
            draw(costs, cell, "wcu_per_number")
            costs.set_xlabel("workers")
            costs.set_ylim(bottom=0.9)  # below one unit a number nothing can be
        grid[0, 0].set_ylabel("numbers a second")
        grid[1, 0].set_ylabel("write units a number")
        figure.suptitle(f"Five ways to give numbers (engine: {patterns[0].engine})")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2 if len(batches) > 2 else 1, frameon=False)
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)


def draw(axes: "Axes", patterns: Sequence[Pattern], figure: str) -> None:
    """One panel: a line a pattern. figure: the attribute that is shown."""
    workers = sorted({one.workers for one in patterns})
    for name, (colour, marker) in STYLES.items():
        mine = sorted((one for one in patterns if one.pattern == name), key=lambda one: one.workers)
        places = [workers.index(one.workers) for one in mine]
        values = [getattr(one, figure) for one in mine]
        axes.plot(places, values, color=colour, marker=marker, markersize=5, label=describe(mine[0]))
    axes.set_xticks(range(len(workers)), [str(one) for one in workers])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def describe(pattern: Pattern) -> str:
    """What stands in the legend: its name, and what a crash leaves behind on average."""
    left = {"gaps": pattern.gaps, "twins": pattern.twins, "changed": pattern.changed}
    harm = [f"{count / pattern.crashes:.1f} {name}" for name, count in left.items() if count]
    return f"{TITLES[pattern.pattern]} (a crash: {', '.join(harm) or 'no gap, no twin'})"
