"""The pages are read once: short sentences, short paragraphs, short cells.

`python -m unit_tests.test_docs_language` prints the words and the longest sentence of each page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PAGES = sorted([*(CHECKOUT / "docs").rglob("*.md"), CHECKOUT / "README.md"])

#: In words.
SENTENCE, BLOCK = 30, 70

_LIST = re.compile(r"^\s*([-*]|\d+\.) +")
_MARKS = re.compile(r"<[^>]*>|!?\[|\]\([^)]*\)|\*\*|(?<!\w)\*|\*(?!\w)")
#: What ends a sentence, and what closes behind it; neither a colon nor a semicolon does.
_END = re.compile(r"(?<=[.!?])[)*\"”]*\s+")


def blocks(text: str) -> Iterator[str]:
    """Paragraphs, list items, headers and cells of tables, without code and pictures."""
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)
    for part in re.split(r"\n\s*\n", text):
        lines: list[str] = []
        for line in part.splitlines():
            if line.startswith("    ") and not lines and not _LIST.match(line):
                continue
            if line.lstrip().startswith("|"):
                yield from (cell for cell in re.split(r"(?<!\\)\|", line) if re.search(r"\w", cell))
                continue
            if (_LIST.match(line) or line.startswith("#")) and lines:
                yield " ".join(lines)
                lines = []
            lines.append(_LIST.sub("", line.strip()).lstrip("# "))
        if lines:
            yield " ".join(lines)


def sentences(block: str) -> list[str]:
    plain = _MARKS.sub("", re.sub(r"`[^`]*`", "code", block))
    return [found for found in _END.split(plain) if words(found)]


def words(text: str) -> int:
    return sum(1 for word in text.split() if re.search(r"\w", word))


def measure(page: Path) -> tuple[int, int, int]:
    """Words of the page, of its longest sentence and of its longest block."""
    found = list(blocks(page.read_text()))
    longest = max(words(sentence) for block in found for sentence in sentences(block))
    return sum(map(words, found)), longest, max(map(words, found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_sentence_is_too_long_to_be_read_once(page: Path) -> None:
    found = [s for block in blocks(page.read_text()) for s in sentences(block)]

    assert [sentence for sentence in found if words(sentence) > SENTENCE] == []
    assert len(found) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_paragraph_is_a_wall_of_text(page: Path) -> None:
    assert [block for block in blocks(page.read_text()) if words(block) > BLOCK] == []


def test_sentences_and_blocks_are_told_apart() -> None:
    text = "One; two. Three:\n\n- `a b` is 5.0 long.\n- next\n\n| a cell | b |\n| --- | --- |\n"

    found = [sentences(block) for block in blocks(text)]

    assert found[:2] == [["One; two.", "Three:"], ["code is 5.0 long."]]
    assert found[2:] == [["next"], [" a cell "], [" b "]]


if __name__ == "__main__":
    for each in PAGES:
        total, sentence, block = measure(each)
        print(f"{each.relative_to(CHECKOUT)}: {total} words, sentence {sentence}, block {block}")
