"""Line charts as SVG. Two axes and a few lines need no library, and give a small readable file."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]
_COLOURS = ("#0b6bcb", "#d9480f", "#2b8a3e", "#862e9c")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 400, 64, 140, 66, 52
#: Least distance between two names at the right end.
_APART = 17


def chart(
    path: Path, title: str, x_name: str, y_name: str, lines: Mapping[str, Points], *, log_y: bool
) -> None:
    """Writes a chart of lines by name; the horizontal axis is logarithmic, marked at its points."""
    xs = sorted({x for points in lines.values() for x, _ in points})
    ys = [y for points in lines.values() for _, y in points]
    ticks = _log_ticks(min(ys), max(ys)) if log_y else _even_ticks(max(ys))

    def across(x: float) -> float:
        share = math.log(x / xs[0]) / math.log(xs[-1] / xs[0])
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def down(y: float) -> float:
        low, high = ticks[0], ticks[-1]
        share = math.log(y / low) / math.log(high / low) if log_y else (y - low) / (high - low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def draw() -> Iterator[str]:
        yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#fff"/>'
        yield _text(_LEFT, 26, title, "start", 'font-size="15" font-weight="600"')
        yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14, x_name, "middle")
        yield _text(_LEFT, 46, y_name, "start")
        for tick in ticks:
            y = down(tick)
            yield f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#e3e6ea"/>'
            yield _text(_LEFT - 8, y + 4, f"{tick:,.6g}", "end")
        for x in xs:
            yield _text(across(x), _HEIGHT - _BOTTOM + 18, f"{x:,.0f}", "middle")
        names = {name: down(points[-1][1]) for name, points in lines.items()}
        places = _spread(names)
        for colour, (name, points) in zip(_COLOURS, lines.items(), strict=False):
            dots = [(across(x), down(y)) for x, y in points]
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
            yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
            for x, y in dots:
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
            style = f'font-weight="600" style="fill:{colour}"'
            yield _text(dots[-1][0] + 12, places[name] + 4, name, "start", style)

    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
    head += ' font-family="system-ui, sans-serif" font-size="13" fill="#4a5260">'
    path.write_text("\n".join([head, *draw(), "</svg>"]) + "\n")


def _text(x: float, y: float, text: str, anchor: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{escape(text)}</text>'


def _log_ticks(least: float, most: float) -> list[float]:
    """1, 2 and 5 times powers of ten, around the values."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    all_ = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    first = max(tick for tick in all_ if tick <= least)
    last = min(tick for tick in all_ if tick >= most)
    return [tick for tick in all_ if first <= tick <= last]


def _even_ticks(most: float) -> list[float]:
    step = next(s * 10.0**p for p in range(-3, 9) for s in (1, 2, 5) if s * 10.0**p >= most / 6)
    return [step * n for n in range(math.ceil(most / step) + 1)]


def _spread(places: Mapping[str, float]) -> dict[str, float]:
    """Heights of names, from the top down, none closer than `_APART` to the one above."""
    spread: dict[str, float] = {}
    above = -math.inf
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        spread[name] = above = max(place, above + _APART)
    return spread
