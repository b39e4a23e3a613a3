"""Damage to answers on their way: connections that are reset, answers that break off or trickle.

uvicorn's protocol hands its connection over in the state of the call (ASGI's own place for such
things): so the socket that carries the answer is the one that is broken, on the same address, and
no byte is copied through a proxy.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from zoho_emulator.control.alterations import AlteredAnswer, find_alterations
from zoho_emulator.control.fault_args import WITHOUT_BODY
from zoho_emulator.control.faults import Fault

#: Seconds between two pieces of a slow body.
_TICK_S = 0.02


class Protocol(H11Protocol):
    """HTTP whose calls know their connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def deliver(
    response: Response, hits: Sequence[Fault], scope: Scope, receive: Receive, send: Send
) -> None:
    """Sends the answer as the faults allow: up to a byte, at a speed, or not at all."""
    damage = {fault.do: fault for fault in reversed(hits)}
    transport: asyncio.Transport | None = scope.get("state", {}).get("transport")
    changes = find_alterations(hits)
    if not {"reset", "cut", "slow"} & damage.keys():
        send = AlteredAnswer(send, changes) if changes else send
        await response(scope, receive, send)
        return
    assert transport is not None
    if "reset" in damage:
        _reset(transport)
    else:
        if cut := damage.get("cut"):
            send = _Cut(send, transport, int(str(cut.args.get("after_bytes", 0))))
        if slow := damage.get("slow"):
            send = _Trickle(send, transport, slow)
        send = AlteredAnswer(send, changes) if changes else send
        await response(scope, receive, send)
    # uvicorn would answer for a call that ends before its connection does.
    while transport.is_closing() and (await receive())["type"] != "http.disconnect":
        pass


def _reset(transport: asyncio.Transport) -> None:
    """A socket closed without lingering sends its peer RST instead of FIN."""
    broken: Any = transport.get_extra_info("socket")
    broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _read_length(start: Message) -> int | None:
    """Of the body after this head; None where it is not said."""
    if start["status"] in WITHOUT_BODY:
        return 0
    length = MutableHeaders(scope=start).get("content-length")
    return None if length is None else int(length)


class _Cut:
    """Sends a part of the body, never all of it; nothing of an answer without body."""

    def __init__(self, send: Send, transport: asyncio.Transport, left: int) -> None:
        self._send = send
        self._transport = transport
        self._left = left

    async def __call__(self, message: Message) -> None:
        if self._transport.is_closing():
            return
        if message["type"] == "http.response.start":
            length = _read_length(message)
            if length == 0:
                self._transport.close()
                return
            if length is not None:
                self._left = min(self._left, length - 1)
            await self._send(message)
            return
        body = message.get("body", b"")[: self._left]
        self._left -= len(body)
        if body:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
        if not self._left or not message.get("more_body"):
            self._transport.close()


class _Trickle:
    """Sends the body at so many bytes a second, or spread over so many seconds."""

    def __init__(self, send: Send, transport: asyncio.Transport, fault: Fault) -> None:
        self._send = send
        self._transport = transport
        self._seconds = fault.args.get("seconds")
        self._rate = float(str(fault.args.get("bytes_per_s", 0)))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self._seconds is not None:
                seconds, length = float(str(self._seconds)), _read_length(message)
                if length and seconds:
                    self._rate = length / seconds
                else:
                    await asyncio.sleep(seconds)
            await self._send(message)
            return
        body, sent = message.get("body", b""), 0
        size = max(1, int(self._rate * _TICK_S)) if self._rate else len(body)
        while sent < len(body) and not self._transport.is_closing():
            piece = body[sent : sent + size]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)
            if self._rate:
                await asyncio.sleep(len(piece) / self._rate)
        await self._send({**message, "body": b""})
