"""An environment of its own for each SDK, with what was published and nothing of ours."""

import os
import shutil
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Sdk(NamedTuple):
    name: str
    #: Version of Zoho's API.
    version: str
    #: The package and its version, as pip or npm take them.
    pin: str

    @property
    def is_node(self) -> bool:
        return self.pin.startswith("@")

    @property
    def folder(self) -> Path:
        return HERE / f".env-{self.name}"

    def command(self) -> list[str]:
        """What runs the SDK, from the checkout."""
        if self.is_node:
            return ["node", str(HERE / "node_sdk" / "main.mjs")]
        return [str(self.folder / "bin" / "python"), "-m", "clients.python_sdk"]

    def install(self) -> None:
        """Makes the environment, if it is not there with this very pin."""
        stamp = self.folder / ".pin"
        if stamp.exists() and stamp.read_text() == self.pin:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.is_node:
            if not shutil.which("npm"):
                raise SystemExit("npm is needed for the Node SDK; install Node.js 18 or later.")
            self.folder.mkdir()
            (self.folder / "package.json").write_text('{"private": true}')
            command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--save-exact"]
        else:
            venv.create(self.folder, with_pip=True)
            command = [str(self.folder / "bin" / "pip"), "install", "--quiet"]
        subprocess.run([*command, self.pin], cwd=self.folder, check=True)
        stamp.write_text(self.pin)


SDKS = (
    Sdk("python-2.0", "v2", "zohocrmsdk2_0==6.0.0"),
    Sdk("python-2.1", "v2.1", "zohocrmsdk2_1==3.0.0"),
    Sdk("python-8.0", "v8", "zohocrmsdk8_0==7.0.0"),
    Sdk("node-8.0", "v8", "@zohocrm/nodejs-sdk-8.0@2.0.0"),
)


def surroundings() -> Mapping[str, str]:
    """The environment variables of an SDK: no proxy, since all it talks to is on this machine."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC"}
