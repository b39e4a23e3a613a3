"""Uploads of files, which the CDK's requester cannot send."""

import io
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.answers import Body
from zoho_crm.errors import is_wrong_address
from zoho_crm.problems import NoTokenError, Refused
from zoho_crm.requester import T, ZohoRequester

LOGGER = logging.getLogger("airbyte")

_BLOCK = 256 * 1024


class MultipartFile:
    """A file as the only part of a form. It can be sent again, and stays out of memory."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """`file`: from its start; `name`: in ASCII."""
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._file = file
        self._head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._head) + self._file.seek(0, io.SEEK_END) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            yield block
        yield self._tail


@dataclass(kw_only=True)
class UploadRequester(ZohoRequester):
    """Uploads files ("Upload File").

    Why not in YAML: the CDK sends forms of texts only, and the host of uploads is another one than
    the API's.
    """

    _thread: threading.local = field(default_factory=threading.local, init=False, repr=False)
    #: The address that has taken a file of this run.
    _proven: str | None = field(default=None, init=False, repr=False)

    def upload(
        self,
        file: IO[bytes],
        name: str,
        *,
        read: Callable[[Body], T],
        headers: Mapping[str, str],
        usage_of: str,
    ) -> T:
        """What `read` makes of Zoho's answer, as `ask` does. The second address is tried where the
        first cannot be reached, or serves no uploads."""
        known = self.config["_zoho"]["uploads"][self.api]
        addresses = [self._proven] if self._proven else list(known)
        form = MultipartFile(file, name)
        self._thread.form = form
        headers = {**headers, "Content-Type": form.content_type}
        for address in addresses:
            try:
                found = self.ask(
                    address, read=read, headers=headers, usage_of=usage_of, pauses=(1,)
                )
            except NoTokenError:
                raise
            except AirbyteTracedException as failure:
                own = isinstance(failure, Refused) and not is_wrong_address(failure.code)
                if own or address == addresses[-1]:
                    raise
                LOGGER.info(f"{failure.message} The file goes to {addresses[-1]} instead.")
            else:
                self._proven = address
                return found
        raise AssertionError("a region has an address for uploads")

    def _request_body_data(self, *args: Any, **kwargs: Any) -> Any:
        """The CDK hands it on to `requests`, which takes any iterable with a length."""
        return self._thread.form
