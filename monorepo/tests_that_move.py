"""Which tests go with a connector: those that need nothing but its folder."""

import ast
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

_OTHER = {"source": "destination", "destination": "source"}
#: Pages and configuration of the checkout, which tests look at by these names.
_STAYING = ('"docs"', '"CONTRIBUTING.md"', '"pyproject.toml"', '"manifest.yaml"')


def copy_tests(kind: str, checkout: Path, folder: Path) -> Sequence[str]:
    """Copies unit and integration tests; returns the names of those that stay behind."""
    candidates = dict(_list_candidates(kind, checkout))
    moving = _find_moving(kind, candidates)
    for name in moving:
        _copy(candidates[name], folder / name)
    for path in _list_samples(kind, checkout):
        _copy(path, folder / path.relative_to(checkout))
    return sorted(candidates.keys() - moving)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)


def _list_candidates(kind: str, checkout: Path) -> Iterator[tuple[str, Path]]:
    patterns = (
        *("unit_tests/con*.py", "unit_tests/canonical.py", "unit_tests/once.py"),
        *("unit_tests/test_once.py", "unit_tests/test_specs.py", "unit_tests/test_metadata.py"),
        *("unit_tests/test_settings_that_do_not_fit.py", "unit_tests/zoho_crm/**/*.py"),
        *(f"unit_tests/{kind}/**/*.py", "integration_tests/con*.py"),
        f"integration_tests/test_{kind}_*.py",
    )
    for pattern in patterns:
        for path in sorted(checkout.glob(pattern)):
            yield path.relative_to(checkout).as_posix(), path


def _list_samples(kind: str, checkout: Path) -> Iterator[Path]:
    """A destination reads configs only, and its rows are in its tests."""
    names = "*.json*" if kind == "source" else "*_config.json"
    yield from sorted((checkout / "integration_tests").glob(names))


def _find_moving(kind: str, candidates: dict[str, Path]) -> set[str]:
    """A test that imports one that stays behind stays, too."""
    staying = (f"{_OTHER[kind]}_zoho_crm", *_STAYING)
    texts = {name: path.read_text() for name, path in candidates.items()}
    moving = {name for name, text in texts.items() if not any(one in text for one in staying)}
    while lost := {name for name in moving if not set(_list_imports(texts[name])) <= moving}:
        moving -= lost
    return moving


def _list_imports(text: str) -> Iterator[str]:
    """The files of ours, other than the connectors, that a test imports."""
    for node in ast.walk(ast.parse(text)):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if module and module.split(".")[0] in _HOUSE:
            yield f"{module.replace('.', '/')}.py"


_HOUSE = {"unit_tests", "integration_tests", "demo", "chaos", "benchmarks", "clients"}
