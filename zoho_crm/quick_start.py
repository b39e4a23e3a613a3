"""Loads the CDK in half the time, in the processes of the commands; their `run` imports this first.
A program that imports the connectors loads the CDK as it is.

Two things are left out that no connector uses: descriptions in JSON schemas of Airbyte's messages,
for which serpyco_rs parses its source once per class (1.2 s), and the AWS SDK, which
requests_cache loads for one of its stores (0.3 s).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

_DOCS, _AWS = "attributes_doc", "boto3"


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Modules that were imported before stay as they are."""
    stand_ins = {_DOCS: SimpleNamespace(get_attributes_doc=lambda cls: {}), _AWS: None}
    missing = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    # An import of None fails, as that of a module that is not installed.
    sys.modules.update(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


with _stand_ins():
    import airbyte_cdk.models  # noqa: F401
