"""What stands on the wire: a door that can be shut, and a host that nobody may call."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOST = "127.0.0.1"
_BLOCK = 65_536
_SOON_S = 10


class Door:
    """Hands bytes to a server and back. Shut, it resets what is open and refuses what comes."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (str(address.hostname), int(address.port or 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._is_shut = False
        #: Connections that were broken when it was shut.
        self.broken = 0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def connections(self) -> int:
        return len(self._writers) // 2

    def __enter__(self) -> "Door":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(_SOON_S)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_SOON_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def shut(self, seconds: float) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(seconds), self._loop).result(_SOON_S + seconds)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._come, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _shut(self, seconds: float) -> None:
        assert self._server is not None
        self._is_shut = True
        self._server.close()
        self.broken += self.connections
        for writer in list(self._writers):
            broken = writer.get_extra_info("socket")
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        await asyncio.sleep(seconds)
        self._is_shut = False
        await self._open()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_shut:
            # Accepted just before the listener was closed.
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        pair = [writer]
        self._writers.add(writer)
        try:
            there, beyond = await asyncio.open_connection(*self._target)
            pair.append(beyond)
            self._writers.add(beyond)
            await asyncio.gather(_pump(reader, beyond), _pump(there, writer))
        except OSError:
            pass  # either side broke the connection; the other hears of it below
        finally:
            for one in pair:
                self._writers.discard(one)
                one.close()
            self._tasks.discard(task)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(_BLOCK):
        writer.write(block)
        await writer.drain()
    writer.close()


class Foreign:
    """A host that is not Zoho's, and what it was sent."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[str] = []


@contextmanager
def foreign() -> Iterator[Foreign]:
    """Answers every call with rows that are nobody's, on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            host.heard.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b'{"data":[{"id":"666"}],"info":{"more_records":false},"access_token":"foreign"}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: `heard` has it."""

    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._answer)
    server = ThreadingHTTPServer((HOST, 0), Handler)
    host = Foreign(f"http://{HOST}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, name="foreign", daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
