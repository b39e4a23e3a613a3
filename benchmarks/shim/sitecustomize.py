"""Python loads this at the start of a measured command (PYTHONPATH); the benchmark's variables
decide what it does. Only the benchmark uses it: no connector knows of it.

BENCH_COLLECTOR: thresholds of the garbage collector, as `50000,20,100`. What the command sets
    itself is ignored, so that both sides of a ratio have the same.
BENCH_ZOHO: the emulator's address. Airbyte's old source knows hosts by region only; every request
    goes to this address instead.
"""

import gc
import os
from typing import Any

if "BENCH_COLLECTOR" in os.environ:
    gc.set_threshold(*map(int, os.environ["BENCH_COLLECTOR"].split(",")))

    def _ignore(*_: object) -> None:
        """In place of what would change the collector."""

    for _name in ("set_threshold", "freeze", "disable", "enable"):
        setattr(gc, _name, _ignore)

if "BENCH_ZOHO" in os.environ:
    from urllib.parse import urlsplit, urlunsplit

    from requests.adapters import HTTPAdapter

    _address = urlsplit(os.environ["BENCH_ZOHO"])
    _send = HTTPAdapter.send

    def _send_there(self: HTTPAdapter, request: Any, *args: Any, **options: Any) -> Any:
        asked = urlsplit(request.url)
        there = asked._replace(scheme=_address.scheme, netloc=_address.netloc)
        request.url = urlunsplit(there)
        return _send(self, request, *args, **options)

    HTTPAdapter.send = _send_there  # type: ignore[method-assign]
