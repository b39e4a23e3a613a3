"""What a platform asks the source first: its form, and the catalog of the org."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chaos.org import KNOBS, settings
from chaos.process import Connector, Json, Run
from zoho_emulator.server import running

_SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Found:
    #: The streams by version; every org of the harness has the same.
    streams: Mapping[str, Sequence[Json]]
    #: Keys of the source's config.
    settings: frozenset[str]

    def catalog(self, version: str, modules: Iterable[str]) -> Json:
        """The configured catalog of these modules, as far as the version has them."""
        chosen = set(modules)
        return {
            "streams": [
                {
                    "stream": stream,
                    "sync_mode": stream["supported_sync_modes"][-1],
                    "destination_sync_mode": "append_dedup",
                }
                for stream in self.streams[version]
                if stream["name"] in chosen
            ]
        }


def discover(folder: Path, versions: Iterable[str]) -> Found:
    source = Connector("source-zoho-crm", folder)
    with running(settings(1), KNOBS) as server, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:

        def streams(version: str) -> Sequence[Json]:
            return list_streams(source, {**server.account, "schema_version": version})

        names = sorted(set(versions))
        found = dict(zip(names, pool.map(streams, names), strict=True))
    form = _message(source.run("spec", "spec", files={}), "SPEC")["spec"]
    return Found(found, frozenset(form["connectionSpecification"]["properties"]))


def list_streams(source: Connector, config: Json) -> Sequence[Json]:
    """What a discovery prints."""
    run = source.run(f"discover-{config['schema_version']}", "discover", files={"config": config})
    found: Sequence[Json] = _message(run, "CATALOG")["catalog"]["streams"]
    return found


def _message(run: Run, kind: str) -> Json:
    found = next((message for message in run.messages if message["type"] == kind), None)
    if found is None:
        raise SystemExit(f"There is no {kind} in {run.out}: {'; '.join(run.errors)}")
    return found
