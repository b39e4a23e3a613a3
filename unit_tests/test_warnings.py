"""A warning fails our tests, and none of a suite of others that is called from our folder."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

#: As Airbyte's classic suite does: a plugin puts its own folder among the arguments.
PLUGIN = """
from pathlib import Path

def pytest_load_initial_conftests(early_config, parser, args):
    args.append(str(Path(__file__).parent / "tests"))
"""
SUITE = """
import warnings

warnings.warn("while it is imported", DeprecationWarning)

def test_that_warns():
    warnings.warn("while it runs", DeprecationWarning)
"""


def test_a_warning_fails_a_test_of_ours() -> None:
    with pytest.raises(UserWarning, match="of ours"):
        warnings.warn("of ours", stacklevel=1)


def test_a_warning_fails_the_import_of_a_test_of_ours(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("filterwarnings")[0] == "error"


def test_a_suite_of_others_may_warn_when_it_is_called_from_our_folder(tmp_path: Path) -> None:
    """It has neither our plugins nor what the connectors import."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "suite_of_others.py").write_text(PLUGIN)
    (tmp_path / "tests" / "test_suite.py").write_text(SUITE)
    for absent in ("xdist", "pytest_mock", "airbyte_cdk"):
        (tmp_path / f"{absent}.py").write_text("raise ImportError('not installed')")

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "suite_of_others"],
        cwd=CHECKOUT,
        env={"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
