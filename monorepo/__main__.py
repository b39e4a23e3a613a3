"""`python -m monorepo DIR [--try]`: what `make monorepo` and `make monorepo-try` run."""

import argparse
import sys
from pathlib import Path

from monorepo.connector import CONNECTORS, OccupiedError, write_all
from monorepo.trial import try_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="monorepo", description=__doc__)
    parser.add_argument("folder", type=Path, help="the root of a checkout of Airbyte's monorepo")
    parser.add_argument("--try", dest="tried", action="store_true", help="build and test them")
    arguments = parser.parse_args()
    try:
        left_out = write_all(arguments.folder)
    except OccupiedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Nothing can be written there: {error}. Name another folder.", file=sys.stderr)
        return 1
    for connector in CONNECTORS:
        print(f"{connector.folder(arguments.folder)}")
        for name in left_out[connector.name]:
            print(f"    without {name}, which needs what stays here")
    if arguments.tried:
        return try_all(arguments.folder)
    print("Next, in each: poetry lock && poetry install && poetry run pytest unit_tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
