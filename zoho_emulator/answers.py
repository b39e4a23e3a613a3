"""Answers as JSON, and the headers that all recorded answers of the API have."""

from contextlib import suppress

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoho_emulator.emulator import Emulator
from zoho_emulator.localtime import build_local_time


def answer_json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


class CommonHeaders:
    """Adds these headers to answers below /crm, and Zoho's charset to every JSON.

    UNVERIFIED: that refusals and answers without content have them; those recorded are neither.
    """

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type") == "application/json":
                    headers["content-type"] = "application/json;charset=UTF-8"
                if scope["path"].startswith("/crm/"):
                    self._add_to(headers, Headers(scope=scope).get("authorization"))
            await send(message)

        await self.app(scope, receive, headed)

    def _add_to(self, headers: MutableHeaders, authorization: str | None) -> None:
        headers.setdefault("content-disposition", "attachment; filename=response.json")
        dies = self.emulator.accounts.find_expiry(authorization)
        if dies is not None:
            when = build_local_time(self.emulator.store.org.time_zone)
            headers["x-accesstoken-reset"] = when(dies)


class DateHeader:
    """Puts the emulator's time into the `Date` of every answer that a fault gives no other."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("date", self.emulator.clock.http_date())
            await send(message)

        # A client that disconnects during its request gets no answer.
        with suppress(ClientDisconnect):
            await self.app(scope, receive, dated)
