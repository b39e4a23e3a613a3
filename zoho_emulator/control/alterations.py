"""Answers whose bytes are changed on their way, and whose length says that they are whole."""

import gzip
from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from zoho_emulator.control.faults import Fault

#: In the order in which they are done, not in that of the faults.
_KINDS = ("replace", "gzip", "flip", "shorten")


def find_alterations(hits: Sequence[Fault]) -> list[Fault]:
    found = [fault for fault in hits if fault.do in _KINDS]
    return sorted(found, key=lambda fault: _KINDS.index(fault.do))


class AlteredAnswer:
    """Keeps an answer back until it is whole, and sends it changed."""

    def __init__(self, send: Send, changes: Sequence[Fault]) -> None:
        self._send = send
        self._changes = changes
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body, headers = self._body, MutableHeaders(scope=self._start)
        for fault in self._changes if body else ():
            body = _alter(body, fault.do, fault.args)
            if fault.do == "gzip":
                headers["content-encoding"] = "gzip"
        if body:
            headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def _alter(body: bytes, do: str, args: Mapping[str, object]) -> bytes:
    if do == "replace":
        return body.replace(str(args["old"]).encode(), str(args["new"]).encode())
    if do == "gzip":
        return gzip.compress(body, mtime=0)
    if do == "shorten":
        return body[: -int(str(args.get("bytes", 1)))]
    at = int(float(str(args.get("at", 0.5))) * (len(body) - 1))
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
