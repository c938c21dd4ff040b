"""The plots of `docs/performance.md`: SVG that reads on light and on dark ground, the same bytes from the same figures.

Needs matplotlib, of the `bench` extra.  Each file carries the digest of the figures that it was drawn from and of this
module, so that whoever has no matplotlib can tell whether it is in step with them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.contenders import CHECK, CORE, DECODE, FLOOR, PIPECAT, PYDANTIC, SDK, YARDSTICK
from benchmarks.figures import Comparison, Curve, Part, Scaling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#7d8590"  # 4:1 at least against white and against black
STYLES = {
    FLOOR: ("#7d8590", "."),
    "json.loads": ("#a0703c", "v"),
    YARDSTICK: ("#d98200", "^"),
    "msgspec, untyped": ("#2a9d8f", "s"),
    CORE: ("#b79cf0", "d"),
    PYDANTIC: ("#8e6bd8", "D"),
    SDK: ("#c2569a", "P"),
    PIPECAT: ("#5c9e31", "X"),
    DECODE: ("#2f7fd6", "o"),
    CHECK: ("#d64545", "o"),
}
OURS = (DECODE, CHECK)
DIGEST = re.compile(r"figures ([0-9a-f]{64})")


def digest(figures: bytes) -> str:
    """Of what a plot is made from: the file of its figures, and this module."""
    return sha256(figures + Path(__file__).read_bytes()).hexdigest()


def drawn_from(svg: str) -> str | None:
    """The digest that a plot carries."""
    told = DIGEST.search(svg)
    return None if told is None else told[1]


def svg(part: Part, draw: Callable[[Figure, Part], None], size: tuple[float, float], digest: str) -> str:
    """One plot.  `size` is in inches of 72 points."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    colours = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    settings: dict[Any, Any] = {
        **dict.fromkeys(colours, INK),
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "rtproto",
        "font.size": 9.0,
        "axes.titlesize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.alpha": 0.35,
        "grid.linewidth": 0.6,
        "lines.markersize": 4.5,
        "legend.frameon": False,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure, part)
        out = io.StringIO()
        figure.savefig(
            out,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": "rtproto", "Description": f"figures {digest}"},
        )
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def sessions(figure: Figure, part: Part) -> None:
    """µs of an event of whole sessions, a dot a contender."""
    assert isinstance(part, Comparison)
    shown = [each for each in part.workloads if each.family == "session" and "server" in each.name]
    grid: Sequence[Axes] = figure.subplots(1, len(shown), sharey=True)
    names = list(reversed(STYLES))
    for axes, contest in zip(grid, shown, strict=True):
        axes.set_title(f"{contest.name}, {contest.size:,.0f} bytes an event")
        axes.set_xscale("log")
        axes.set_xlabel("µs an event")
        axes.grid(visible=True, axis="x", which="major")
        axes.set_yticks(range(len(names)), names)
        for place, name in enumerate(names):
            if name in contest.names():
                value = contest.microseconds(name)
                axes.plot([value], [place], "o", color=STYLES[name][0], markersize=7 if name in OURS else 5)
                axes.annotate(f"{value:.3g}", (value, place), xytext=(6, -3), textcoords="offset points")
        axes.margins(x=0.18)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def sizes(figure: Figure, part: Part) -> None:
    """µs of an event over its size: deltas, which are one long string, and lists of tools, which are structure."""
    assert isinstance(part, Comparison)
    families = (("delta", "text and audio deltas"), ("session.updated", "session.updated with tools"))
    grid: Sequence[Axes] = figure.subplots(1, len(families), sharey=True)
    for axes, (family, title) in zip(grid, families, strict=True):
        contests = [contest for contest in part.workloads if contest.family == family]
        axes.set_title(title)
        axes.set_xlabel("bytes of an event")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.grid(visible=True, which="major")
        for name, (colour, marker) in STYLES.items():
            if name in contests[0].names():
                axes.plot(
                    [contest.size for contest in contests],
                    [contest.microseconds(name) for contest in contests],
                    color=colour,
                    marker=marker,
                    linestyle="--" if name == FLOOR else "-",
                    linewidth=2.2 if name in OURS else 1.0,
                    label=name,
                )
        axes.xaxis.set_major_formatter(lambda value, _: amount(value))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    grid[0].set_ylabel("µs an event")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center")


def scaling(figure: Figure, part: Part) -> None:
    """Seconds over the number of events, and memory over the bytes of a stream."""
    assert isinstance(part, Scaling)
    times, memory = figure.subplots(1, 2, width_ratios=(3, 2))
    times.set_title("full check of one session")
    times.set_xlabel("events")
    times.set_ylabel("seconds of the processor")
    times.set_xscale("log")
    times.set_yscale("log")
    times.grid(visible=True)
    colours = ("#2f7fd6", "#d64545", "#d98200", "#8e6bd8", "#5c9e31")
    for colour, curve in zip(colours, (*part.lengths, *part.hostile), strict=False):
        times.plot(
            [point.count for point in curve.points],
            [median(point.seconds) for point in curve.points],
            color=colour,
            marker="o" if curve in part.lengths else "x",
            label=labelled(curve),
        )
    times.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    times.xaxis.set_major_formatter(lambda value, _: amount(value, ""))
    figure.legend(*times.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    memory.set_title("peak memory of a stream's check")
    memory.set_xlabel("bytes of the stream")
    memory.set_ylabel("MiB")
    memory.set_xscale("log")
    memory.grid(visible=True)
    for colour, shape in zip(colours, dict.fromkeys(stream.shape for stream in part.streams), strict=False):
        streams = [stream for stream in part.streams if stream.shape == shape]
        memory.plot(
            [stream.bytes for stream in streams],
            [stream.peak_kib / 1024 for stream in streams],
            color=colour,
            marker="o",
            label=shape,
        )
    memory.margins(y=0.25)
    memory.set_ylim(bottom=0)
    memory.xaxis.set_major_formatter(lambda value, _: amount(value))
    memory.legend(fontsize=8)


def labelled(curve: Curve) -> str:
    return f"{curve.shape} ({curve.slope:.2f})" if len(curve.points) > 1 else curve.shape


def amount(value: float, unit: str = "B") -> str:
    """1000 as "1 kB"."""
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:g} {prefix}{unit}"
    return f"{value:g} {unit}".rstrip()


PLOTS: dict[str, tuple[str, Callable[[Figure, Part], None], tuple[float, float]]] = {
    "sessions": ("comparison", sessions, (8.6, 3.0)),
    "sizes": ("comparison", sizes, (8.6, 3.8)),
    "scaling": ("scaling", scaling, (8.6, 3.8)),
}
"""By name: the part that it shows, what draws it, and its size in inches."""
