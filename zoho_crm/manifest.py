"""Where manifest.yaml is:

beside this file in an installed wheel, at the top level of a checkout.
"""

from pathlib import Path


def manifest_path() -> Path:
    here = Path(__file__).resolve().parent
    for path in (here / "manifest.yaml", here.parent / "manifest.yaml"):
        if path.exists():
            return path
    raise FileNotFoundError(f"manifest.yaml is neither in {here} nor beside it.")
