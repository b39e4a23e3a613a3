"""The emulator over HTTP: what every call meets before its work."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from zoho_emulator.answers import CommonHeaders, DateHeader, answer_json
from zoho_emulator.auth.forms import read_form
from zoho_emulator.bulk import calls as bulk
from zoho_emulator.bulk_write import calls as bulk_write
from zoho_emulator.call import Call
from zoho_emulator.control import calls as control
from zoho_emulator.control.damage import deliver
from zoho_emulator.control.faults import answer_with_faults
from zoho_emulator.coql import route as coql
from zoho_emulator.emulator import Emulator
from zoho_emulator.endpoints import (
    BULK_ENDPOINTS,
    BULK_WRITE_ENDPOINTS,
    ENDPOINTS,
    RECORD,
    RESULT_ENDPOINTS,
    UNEMULATED,
    UNEMULATED_BULK,
    UNEMULATED_LIKE_MODULES,
    UNEMULATED_OF_RECORDS,
    UNEMULATED_SETTINGS,
    Endpoint,
)
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.versions import VERSIONS
from zoho_emulator.writing.body import count_records

Handler = Callable[[Request], Awaitable[Response]]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


#: "API Limits": writing calls of more records than this have the smaller limit of calls at a time.
SMALL_WRITE = 10


class CrmCall:
    """A path, as an ASGI application, so that a call lasts until its answer is sent."""

    def __init__(self, emulator: Emulator, endpoints: Iterable[Endpoint]) -> None:
        self.emulator = emulator
        self.endpoints = {endpoint.method: endpoint for endpoint in endpoints}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        emulator, endpoint = self.emulator, self.endpoints.get(request.method)
        if endpoint is None:
            await answer_error(self._describe_refusal(request))(scope, receive, send)
            return
        body = await request.body()
        module = self._find_module(endpoint, request, body)
        emulator.count_call(endpoint.name, module)
        try:
            version = VERSIONS.get(request.path_params["version"])
            if version is None:
                raise not_emulated(f"version {request.path_params['version']}")
            emulator.accounts.authenticate(request.headers.get("authorization"))
            with emulator.limits.call(sub=_is_heavy(endpoint, request, body)):
                # Gives other calls the chance to begin: without it, the work of a call would
                # follow on its beginning and no two would ever be in progress.
                await asyncio.sleep(emulator.knobs.latency_ms / 1_000)
                # UNVERIFIED: a call that then fails costs its credit too; one over a limit, none.
                emulator.spend(1, endpoint.name, module)
                call = Call(
                    emulator=emulator,
                    version=version,
                    name=endpoint.name,
                    counted_module=module,
                    path=request.url.path,
                    path_params=request.path_params,
                    query=request.query_params,
                    headers=request.headers,
                    body=body,
                )
                request_text = request.url.query
                if endpoint.name != "upload":  # a file is no text
                    request_text += f" {body.decode(errors='replace')}"
                hits = await emulator.faults.strike(endpoint.name, module, request_text)
                response = answer_with_faults(
                    hits, lambda: self._answer(endpoint, call), _answer_internal_error
                )
                remaining = emulator.limits.header()
                if remaining is not None:
                    response.headers["X-API-CREDITS-REMAINING"] = remaining
                for off_s in (fault.args.get("off_s", 0) for fault in hits if fault.do == "date"):
                    response.headers["date"] = emulator.clock.http_date(float(str(off_s)))
                await deliver(response, hits, scope, receive, send)
        except ZohoError as error:
            await self._answer_refusal(error)(scope, receive, send)

    def _answer(self, endpoint: Endpoint, call: Call) -> Response:
        try:
            return endpoint.work(call)
        except ZohoError as error:
            return self._answer_refusal(error)

    def _answer_refusal(self, error: ZohoError) -> Response:
        """An error of the whole call, alone or in a list like those of records."""
        body = error.body()
        if self.emulator.knobs.refusals_in_data and "data" not in body and error.status != 501:
            body = {"data": [body]}
        return answer_json(body, error.status)

    def _find_module(self, endpoint: Endpoint, request: Request, body: bytes) -> str | None:
        if endpoint.name == "coql":
            escapes = self.emulator.knobs.coql_backslash_escapes
            return coql.guess_module(body, backslash_escapes=escapes)
        if endpoint in BULK_ENDPOINTS:
            return bulk.find_module(self.emulator, request.path_params.get("job"), body)
        if endpoint in (*BULK_WRITE_ENDPOINTS, *RESULT_ENDPOINTS):
            return bulk_write.find_module(self.emulator, request.path_params.get("job"), body)
        name = request.path_params.get("module") or request.query_params.get("module")
        module = self.emulator.find_module(name) if name else None
        return module.api_name if module else name

    def _describe_refusal(self, request: Request) -> ZohoError:
        """Of a method that no endpoint of the path has."""
        if any(request.method in item.missing.split() for item in self.endpoints.values()):
            self.emulator.count_call("not_emulated", None)
            return not_emulated(f"{request.method} {request.url.path}")
        return ZohoError(
            "INVALID_REQUEST_METHOD", "The http request method type is not a valid one"
        )


def _is_heavy(endpoint: Endpoint, request: Request, body: bytes) -> bool:
    """Whether the call is of the kind with the smaller limit ("API Limits: Sub-concurrency")."""
    if endpoint.name in ("insert", "update", "upsert"):
        return count_records(body) > SMALL_WRITE
    return endpoint.name == "coql" or bool({"sort_by", "cvid"} & set(request.query_params))


def _answer_internal_error() -> Response:
    return answer_error(ZohoError("INTERNAL_ERROR", "Internal Server Error", status=500))


def answer_error(error: ZohoError) -> Response:
    return answer_json(error.body(), error.status)


def create_app(emulator: Emulator) -> ASGIApp:
    crm, settings_, bulk = "/crm/{version}", "/crm/{version}/settings", "/crm/bulk/{version}"
    unemulated = _build_unemulated(emulator)

    def build_calls(endpoints: Sequence[Endpoint]) -> list[tuple[str, CrmCall]]:
        paths = dict.fromkeys(endpoint.path for endpoint in endpoints)
        return [
            (path, CrmCall(emulator, (item for item in endpoints if item.path == path)))
            for path in paths
        ]

    emulated = build_calls(ENDPOINTS)

    def route_any(path: str, work: Handler) -> Route:
        return Route(path, work, methods=METHODS)

    routes = [
        Route("/oauth/v2/token", TokenCall(emulator), methods=["POST"]),
        route_any("/oauth/{rest:path}", unemulated),
        *control.build_routes(emulator),
        *(
            Route(bulk + path, call)
            for path, call in build_calls((*BULK_ENDPOINTS, *BULK_WRITE_ENDPOINTS))
        ),
        *(route_any(bulk + path, unemulated) for path in UNEMULATED_BULK),
        route_any("/crm/bulk/{rest:path}", _refuse_path),
        *(route_any(crm + path, unemulated) for path in UNEMULATED_LIKE_MODULES),
        *(Route(crm + path, call) for path, call in emulated if not path.startswith(RECORD)),
        *(
            route_any(f"{settings_}/{word}{rest}", unemulated)
            for word in UNEMULATED_SETTINGS.split()
            for rest in ("", "/{rest:path}")
        ),
        route_any(settings_ + "/{rest:path}", _refuse_path),
        *(route_any(crm + path, unemulated) for path in UNEMULATED),
        *(Route(crm + path, call) for path, call in emulated if path.startswith(RECORD)),
        *(route_any(crm + path, unemulated) for path in UNEMULATED_OF_RECORDS),
        *(Route("/{version}" + path, call) for path, call in build_calls(RESULT_ENDPOINTS)),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={404: _refuse_path, Exception: _handle_error},
    )
    return DateHeader(CommonHeaders(app, emulator), emulator)


class TokenCall:
    """Parameters may come in the query or as a form of either kind; all are in use."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, emulator = Request(scope, receive), self.emulator
        params = dict(request.query_params)
        params |= read_form(await request.body(), request.headers.get("content-type", ""))
        emulator.count_call("token", None)

        def work() -> Response:
            api_domain = str(request.base_url).rstrip("/")
            status, body = emulator.accounts.refresh(params, api_domain)
            return answer_json(body, status)

        hits = await emulator.faults.strike("token", None)
        await deliver(
            answer_with_faults(hits, work, _answer_internal_error), hits, scope, receive, send
        )


def _build_unemulated(emulator: Emulator) -> Handler:
    async def unemulated(request: Request) -> Response:
        emulator.count_call("not_emulated", None)
        return answer_error(not_emulated(f"{request.method} {request.url.path}"))

    return unemulated


async def _refuse_path(request: Request, error: Exception | None = None) -> Response:
    return answer_error(
        ZohoError(
            "INVALID_URL_PATTERN",
            "Please check if the URL trying to access is a correct one",
            status=404,
        )
    )


async def _handle_error(request: Request, error: Exception) -> Response:
    # uvicorn logs the error, which goes on to it.
    return _answer_internal_error()
