"""Numbers of things, as sentences have them."""


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 call", "2,000 calls"; `many`: where the plural is more than an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
