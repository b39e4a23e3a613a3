"""A page of plots: what each sync read, and what that took, as bars in a file of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { margin: 2.5rem 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; }
th { font-weight: 600; border-bottom: 1px solid #8886; }
td { white-space: nowrap; }
td:first-child { overflow: hidden; text-overflow: ellipsis; }
i { display: inline-block; height: .7em; margin-right: .4em; background: #3577c8; }
.calls i { background: #d08a2e; }
.credits i { background: #4e9a57; }
p { color: #777; }
"""
#: Of the longest bar, in percent of its column; its number stands behind it.
_LONGEST = 65


@dataclass(frozen=True, slots=True)
class Bars:
    """Of one sync: a line for each stream with its rows, calls and credits."""

    title: str
    #: Name and numbers of each stream.
    lines: Sequence[tuple[str, tuple[int, int, int]]]

    def render(self) -> str:
        shown = sorted((line for line in self.lines if any(line[1])), key=lambda line: -line[1][0])
        longest = [max(numbers) for numbers in zip(*(numbers for _, numbers in shown), strict=True)]
        body = "".join(_render_line(name, numbers, longest) for name, numbers in shown)
        head = "<tr><th>stream</th><th>rows</th><th>API calls</th><th>credits</th></tr>"
        quiet = len(self.lines) - len(shown)
        rest = f"<p>{quiet} more took neither rows nor calls.</p>" if quiet else ""
        return f"<section><h2>{escape(self.title)}</h2><table>{head}{body}</table>{rest}</section>"


def write_page(path: Path, parts: Sequence[Bars]) -> None:
    """The page needs no other file and no network."""
    title = "What the demo moved, and what it took"
    body = "".join(part.render() for part in parts)
    path.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>Bars of one colour are to scale within a table.</p>{body}</body></html>\n",
        encoding="utf-8",
    )


def _render_line(name: str, numbers: Sequence[int], longest: Sequence[int]) -> str:
    cells = "".join(
        f'<td class="{kind}">{_render_bar(number, most)}</td>'
        for kind, number, most in zip(("rows", "calls", "credits"), numbers, longest, strict=True)
    )
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _render_bar(number: int, longest: int) -> str:
    width = round(_LONGEST * number / longest, 1) if longest else 0
    return f'<i style="width:{width}%"></i>{number:,}'
