"""Runs an emulator: in the foreground, or in a thread beside a test."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import uvicorn

from zoho_emulator.app import create_app
from zoho_emulator.clock import Clock
from zoho_emulator.control.damage import Protocol
from zoho_emulator.emulator import Emulator
from zoho_emulator.knobs import Knobs
from zoho_emulator.seed import org as seeding
from zoho_emulator.seed.copies import copy_or_build
from zoho_emulator.store.store import Store

HOST = "127.0.0.1"
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says of an org."""

    seed: int = 1
    rows: int | None = None
    rows_by_module: Mapping[str, int] = field(default_factory=dict)
    fields_by_module: Mapping[str, int] = field(default_factory=dict)
    modules: int | None = None
    edition: str = "Enterprise"


def create_emulator(folder: Path, settings: Settings, knobs: Knobs) -> Emulator:
    clock = Clock()

    path = folder / "org.sqlite"

    def build() -> Store:
        seed, time_zone, now = settings.seed, knobs.time_zone, clock.now()

        def seeded() -> Store:
            return seeding.build(
                path,
                seed=seed,
                rows=settings.rows,
                rows_by_module=settings.rows_by_module,
                fields_by_module=settings.fields_by_module,
                modules=settings.modules,
                edition=settings.edition,
                time_zone=time_zone,
                now=now,
            )

        return copy_or_build(seeded, path, settings, seed=seed, time_zone=time_zone, now=now)

    return Emulator(build, seed=settings.seed, clock=clock, knobs=knobs)


class Server(uvicorn.Server):
    """Calls `announce` once calls are accepted."""

    def __init__(self, emulator: Emulator, announce: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(emulator),
                loop="asyncio",
                http=Protocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                date_header=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self._announce = announce
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._announce()

    def stop(self) -> None:
        """Ends it, from another thread, without the two tenths of a second that uvicorn takes."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        ends = [asyncio.create_task(end) for end in (super().main_loop(), self._stopped.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Connections without a call are lost in the loop's next rounds.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


def listen(port: int, host: str = HOST) -> socket.socket:
    """A bound socket; port 0 picks a free one."""
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, every
    # answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def find_address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Running:
    """A running emulator. Its data belongs to its own thread: use `control`, not the store."""

    base_url: str
    client_id: str
    client_secret: str
    refresh_token: str

    @property
    def account(self) -> dict[str, str]:
        """Address and credentials, by the keys that a config has for them."""
        return asdict(self)

    def control(self, method: str, path: str, body: object = None) -> object:
        """A call of the control API; `records` comes as a list of rows."""
        connection = HTTPConnection(self.base_url.removeprefix("http://"), timeout=60)
        try:
            payload = None if body is None else orjson.dumps(body)
            connection.request(method, f"/_emulator/{path}", body=payload)
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise RuntimeError(f"{method} {path}: {response.status} {text.decode()}")
            if response.headers.get_content_type() == "application/x-ndjson":
                return [orjson.loads(line) for line in text.splitlines()]
            return orjson.loads(text)
        finally:
            connection.close()


@contextmanager
def running(
    settings: Settings | None = None, knobs: Mapping[str, object] | None = None
) -> Iterator[Running]:
    """An emulator on a free loopback port, until the block ends."""
    chosen = Knobs()
    chosen.set(knobs or {})
    with TemporaryDirectory(prefix="zoho_emulator_") as folder:
        emulator = create_emulator(Path(folder), settings or Settings(), chosen)
        ready = threading.Event()
        server = Server(emulator, ready.set)
        listener = listen(0)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="zoho_emulator", daemon=True
        )
        thread.start()
        try:
            if not ready.wait(60):
                raise RuntimeError("the emulator did not start")
            credentials = emulator.credentials
            yield Running(
                base_url=find_address(listener),
                client_id=credentials.client_id,
                client_secret=credentials.client_secret,
                refresh_token=credentials.refresh_token,
            )
        finally:
            server.stop()
            thread.join(10)
            listener.close()
            emulator.close()
