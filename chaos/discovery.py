"""The catalog of the sample org, as a platform would have it from the source."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.org import MODULES, settings
from chaos.process import Connector, Json
from zoho_emulator.server import running


def catalogs(folder: Path, versions: Iterable[str]) -> dict[str, Json]:
    """The configured catalog of the modules that are read, by version; each by a discovery."""
    with (
        running(settings(1), {"tokens_per_10_min": 0}) as server,
        ThreadPoolExecutor(2) as pool,
    ):
        account = {
            "base_url": server.base_url,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "refresh_token": server.refresh_token,
        }
        names = list(versions)
        found = pool.map(lambda name: _discovered(folder, name, account), names)
        return dict(zip(names, found, strict=True))


def _discovered(folder: Path, version: str, account: Json) -> Json:
    config = {**account, "schema_version": version}
    run = Connector("source-zoho-crm", folder).run(
        f"discover {version}", "discover", files={"config": config}
    )
    catalog = next((m["catalog"] for m in run.messages if m["type"] == "CATALOG"), None)
    if catalog is None:
        raise SystemExit(f"The discovery with {version} fails: {run.errors}; see {run.out}")
    streams = [stream for stream in catalog["streams"] if stream["name"] in MODULES]
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],
                "destination_sync_mode": "append_dedup",
            }
            for stream in streams
        ]
    }
