"""/_emulator/: what a test may see and change outside Zoho's API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from zoho_emulator.answers import answer_json
from zoho_emulator.emulator import Emulator
from zoho_emulator.endpoints import CALL_NAMES
from zoho_emulator.errors import ZohoError
from zoho_emulator.records.lists import read_rows
from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.store.model import Field, Module
from zoho_emulator.versions import VERSIONS

_CHUNK = 1_000
#: 2000 and 5000: what the clock may show. Dates of HTTP have years of four digits.
_EARLIEST, _LATEST = 946_684_800, 95_617_584_000

Handler = Callable[[Request], Awaitable[Response]]


def build_routes(emulator: Emulator) -> list[Route]:
    control = Control(emulator)

    def route(path: str, method: str, work: Handler) -> Route:
        return Route(f"/_emulator/{path}", _explain_errors(work), methods=[method])

    return [
        route("usage", "GET", control.usage),
        route("counts", "GET", control.counts),
        route("fired", "GET", control.fired),
        route("records/{module}", "GET", control.records),
        route("records/{module}", "POST", control.insert),
        route("records/{module}", "PATCH", control.update),
        route("records/{module}", "DELETE", control.delete),
        route("restore/{module}", "POST", control.restore),
        route("modules", "POST", control.add_module),
        route("modules/{module}", "PATCH", control.change_module),
        route("modules/{module}", "DELETE", control.remove_module),
        route("fields/{module}", "POST", control.add_field),
        route("fields/{module}/{field}", "PATCH", control.change_field),
        route("fields/{module}/{field}", "DELETE", control.remove_field),
        route("clock", "GET", control.show_clock),
        route("clock", "POST", control.advance_clock),
        route("knobs", "GET", control.show_knobs),
        route("knobs", "POST", control.set_knobs),
        route("faults", "GET", control.show_faults),
        route("faults", "POST", control.plan_faults),
        route("faults", "DELETE", control.clear_faults),
        route("reset", "POST", control.reset),
    ]


class MisuseError(ValueError):
    """The control API was misused."""


class Control:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    # --- What happened

    async def usage(self, request: Request) -> Response:
        emulator = self.emulator
        return answer_json(
            {
                "credits": emulator.limits.spent,
                "credits_by": dict(sorted(emulator.credits_by.items())),
                "credits_remaining": emulator.limits.remaining(),
                "calls": dict(sorted(emulator.calls.items())),
                "tokens_issued": emulator.accounts.issued,
                "max_concurrency": emulator.limits.max_concurrency,
            }
        )

    async def counts(self, request: Request) -> Response:
        return answer_json(self.emulator.store.count_rows())

    async def fired(self, request: Request) -> Response:
        """Automations that writing calls set off, one object per record."""
        return answer_json(self.emulator.fired)

    async def records(self, request: Request) -> Response:
        """Every row outside the recycle bin, converted leads too: JSON lines in the shape of v8's
        lists, uncut."""
        module = self._find_module(request)
        if not module.table:
            raise MisuseError(f"{module.api_name} holds no rows")
        return StreamingResponse(self._write_lines(module), media_type="application/x-ndjson")

    async def _write_lines(self, module: Module) -> AsyncIterator[bytes]:
        store = self.emulator.store
        reader = build_rest_reader(
            store,
            module,
            [field for field in module.fields.values() if not field.virtual],
            VERSIONS["v8"],
            system_keys=(),
            rich_text_cut=0,
        )
        last = 0
        while True:
            ids = [
                row[0]
                for row in store.connection.execute(
                    f"SELECT id FROM {module.table} WHERE state = 0 AND id > ? ORDER BY id LIMIT ?",
                    (last, _CHUNK),
                )
            ]
            if not ids:
                return
            last = ids[-1]
            rows = read_rows(store, reader, ids)
            yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
            await asyncio.sleep(0)

    # --- Rows

    async def insert(self, request: Request) -> Response:
        """Inserts rows as Zoho's API takes them, all or none; keeps Modified_Time and the like."""
        module, rows = self._find_module(request), _read_objects(await _read_body(request))
        now, by = self.emulator.clock.now(), self.emulator.user.id
        ids = self.emulator.store.insert_all(module, rows, now=now, by=by)
        return answer_json({"ids": [str(record_id) for record_id in ids]})

    async def update(self, request: Request) -> Response:
        """Rows with their `id`; answers the ids that were there."""
        module, rows = self._find_module(request), _read_objects(await _read_body(request))
        now, by = self.emulator.clock.now(), self.emulator.user.id
        changes = {
            _parse_id(row.get("id")): {name: value for name, value in row.items() if name != "id"}
            for row in rows
        }
        if len(changes) < len(rows):
            raise MisuseError("an id is there twice")
        done = self.emulator.store.update_all(module, changes, now=now, by=by)
        return answer_json({"ids": [str(record_id) for record_id in done]})

    async def delete(self, request: Request) -> Response:
        kind = request.query_params.get("type", "recycle")
        if kind not in ("recycle", "permanent"):
            raise MisuseError(f"type: {kind!r} is neither recycle nor permanent")
        module, ids = self._find_module(request), _read_ids(request)
        now, by = self.emulator.clock.now(), self.emulator.user.id
        deleted = self.emulator.store.delete(module, ids, kind=kind, now=now, by=by)
        return answer_json({"ids": [str(record_id) for record_id in deleted]})

    async def restore(self, request: Request) -> Response:
        ids = self.emulator.store.restore(
            self._find_module(request), _read_ids(request), now=self.emulator.clock.now()
        )
        return answer_json({"ids": [str(record_id) for record_id in ids]})

    # --- Schema: the keys are the attributes of model.Module and model.Field

    async def add_module(self, request: Request) -> Response:
        module = self.emulator.store.add_module(_check_object(await _read_body(request)))
        return answer_json({"api_name": module.api_name, "id": str(module.id)})

    async def change_module(self, request: Request) -> Response:
        self.emulator.store.change_module(
            self._find_module(request), _check_object(await _read_body(request))
        )
        return answer_json({})

    async def remove_module(self, request: Request) -> Response:
        self.emulator.store.remove_module(self._find_module(request))
        return answer_json({})

    async def add_field(self, request: Request) -> Response:
        field = self.emulator.store.add_field(
            self._find_module(request), _check_object(await _read_body(request))
        )
        return answer_json({"api_name": field.api_name, "id": str(field.id)})

    async def change_field(self, request: Request) -> Response:
        module = self._find_module(request)
        self.emulator.store.change_field(
            module, self._find_field(request, module), _check_object(await _read_body(request))
        )
        return answer_json({})

    async def remove_field(self, request: Request) -> Response:
        module = self._find_module(request)
        self.emulator.store.remove_field(module, self._find_field(request, module))
        return answer_json({})

    # --- Clock, knobs and faults

    async def show_clock(self, request: Request) -> Response:
        return answer_json({"now": self.emulator.clock.now()})

    async def advance_clock(self, request: Request) -> Response:
        seconds = _check_only(await _read_body(request), "advance_s").get("advance_s")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise MisuseError("advance_s: a number is needed")
        if not _EARLIEST <= self.emulator.clock.now() + seconds <= _LATEST:
            raise MisuseError(f"advance_s: {seconds} leads out of the years 2000 to 5000")
        self.emulator.clock.advance(seconds)
        return await self.show_clock(request)

    async def show_knobs(self, request: Request) -> Response:
        """All of them, in the form that `POST` takes."""
        return answer_json(asdict(self.emulator.knobs))

    async def set_knobs(self, request: Request) -> Response:
        self.emulator.set_knobs(_check_object(await _read_body(request)))
        return answer_json({})

    async def show_faults(self, request: Request) -> Response:
        return answer_json(self.emulator.faults.report())

    async def plan_faults(self, request: Request) -> Response:
        self.emulator.faults.plan(_read_objects(await _read_body(request)), CALL_NAMES)
        return answer_json(self.emulator.faults.report())

    async def clear_faults(self, request: Request) -> Response:
        self.emulator.faults.clear()
        return answer_json([])

    async def reset(self, request: Request) -> Response:
        org = _check_only(await _read_body(request), "org").get("org", False)
        if not isinstance(org, bool):
            raise MisuseError(f"org: {org!r} is neither true nor false")
        self.emulator.reset(org=org)
        return answer_json({})

    def _find_module(self, request: Request) -> Module:
        name = request.path_params["module"]
        module = self.emulator.store.org.modules.get(name)
        if module is None:
            raise MisuseError(f"no module {name}")
        return module

    def _find_field(self, request: Request, module: Module) -> Field:
        name = request.path_params["field"]
        field = module.fields.get(name)
        if field is None:
            raise MisuseError(f"{module.api_name} has no field {name}")
        return field


def _explain_errors(work: Handler) -> Handler:
    """Answers misuse with a 400 that says what was wrong."""

    async def handle(request: Request) -> Response:
        try:
            return await work(request)
        except (ValueError, KeyError, TypeError) as error:
            return answer_json({"error": str(error)}, status=400)
        except ZohoError as error:
            return answer_json(error.body(), status=error.status)

    return handle


async def _read_body(request: Request) -> object:
    body = await request.body()
    try:
        return orjson.loads(body) if body.strip() else None
    except ValueError as error:
        raise MisuseError(f"the body is not JSON: {error}") from None


def _check_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise MisuseError("a JSON object is needed")
    return value


def _check_only(value: object, name: str) -> dict[str, object]:
    """An object with no other key than this; an empty one without a body."""
    given = {} if value is None else _check_object(value)
    if unknown := sorted(given.keys() - {name}):
        raise MisuseError(f"{', '.join(unknown)} is not {name}")
    return given


def _read_objects(value: object) -> list[dict[str, object]]:
    """One object, or a list of them."""
    return [_check_object(item) for item in (value if isinstance(value, list) else [value])]


def _parse_id(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise MisuseError(f"{value!r} is not an id")
    return int(text)


def _read_ids(request: Request) -> list[int]:
    return [_parse_id(part) for part in request.query_params.get("ids", "").split(",") if part]
