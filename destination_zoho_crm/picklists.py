"""Checks values against the options of their picklists, which Zoho itself does not do: it adds
what is new to the picklist ("Insert Records")."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.options import Options, fold
from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.target_fields import TargetField

LOGGER = logging.getLogger("airbyte")

_SETTING = "Unknown picklist values (unknown_picklist_values)"
HOLDS_SEMICOLON = "an option holds a semicolon, by which Zoho separates options"
#: New options of a field that are remembered; Zoho keeps fewer.
_MOST_NEW = 10_000

Warn = Callable[[str], None]


class Picklists:
    """The picklists of one run. Safe to use from several threads.

    Before a first value of a module is rejected, the module's fields are asked for again: an
    option may have been added since the run began.
    """

    def __init__(self, modules: TargetModules, *, adds: bool) -> None:
        """`adds`: unknown options are sent."""
        self._modules = modules
        self._lock = threading.Lock()
        self._lists: dict[tuple[str, str], Picklist] = {}
        self._asked_again: set[str] = set()
        self._warned = False
        self.adds = adds

    def find(self, module: str, field: TargetField | None) -> "Picklist | None":
        """None where values are not checked. All streams of a run share the list of a field."""
        if field is None or not field.options:
            return None
        new = Picklist(self, module, field)
        return self._lists.setdefault((module, field.api_name), new)

    def ask_again(self, module: str) -> None:
        """Once a module; where Zoho refuses, the options of the start count."""
        with self._lock:
            if module in self._asked_again:
                return
            self._asked_again.add(module)
            try:
                found = self._modules.find_current(module)
            except AirbyteTracedException as failure:
                # Values are still checked; what fails here also fails where it matters.
                LOGGER.warning(
                    f"{module}: the options of its picklists cannot be read again, so values are "
                    f"checked against those of the start. {failure.message}"
                )
                return
            for (of, name), picklist in self._lists.items():
                if found and of == module and name in found.fields:
                    picklist.options = found.fields[name].options

    def warn_of_reject(self, picklist: "Picklist") -> None:
        """Once a run."""
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            LOGGER.warning(
                f"{picklist}: a row is rejected for a value that is none of the picklist's "
                f"options, because {_SETTING} is reject. With add such values are sent, and Zoho "
                "adds them to the picklist."
            )

    def report_added(self) -> Iterator[str]:
        """What Zoho has been made to add, a sentence per field."""
        for picklist in self._lists.values():
            number = len(picklist.new)
            if number:
                yield (
                    f"{picklist}: {number:,}{' or more' if number == _MOST_NEW else ''} new "
                    f"{'options were' if number > 1 else 'option was'} sent, and Zoho adds what it "
                    f"takes to the picklist, because {_SETTING} is add."
                )


class Picklist:
    """The picklist of one field."""

    def __init__(self, lists: Picklists, module: str, field: TargetField) -> None:
        self._lists = lists
        self._module = module
        self._name = field.api_name
        self._several = field.form == "options"
        self.options: Options = field.options
        #: New options that were sent, by what they are but for case and blanks.
        self.new: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self._module}.{self._name}"

    def read_one(self, text: str, warn: Warn) -> str:
        """The option that a text means, or InvalidValueError."""
        return self.options.find_exact(text) or self.read([text], given=[text], warn=warn)[0]

    def has(self, text: str) -> bool:
        """Whether it is an option to the letter."""
        return self.options.find_exact(text) is not None

    def read(self, *ways: Sequence[str], given: Sequence[str], warn: Warn) -> list[str]:
        """The options that a value means, each once.

        `ways` to read it, the likeliest first; the first counts that leaves nothing but options.
        Where none does, the value is rejected (InvalidValueError), or has new options: then the
        first counts that leaves an option at all, or else `given`.
        """
        way = self._find_first(ways, all)
        if way is None and not self._lists.adds:
            self._lists.ask_again(self._module)
            way = self._find_first(ways, all)
            if way is None and self.options:
                self._lists.warn_of_reject(self)
                raise InvalidValueError(self._explain_reject(ways))
        way = way or self._find_first(ways, any) or given
        return list(dict.fromkeys(self._write(way, warn)))

    def _find_first(
        self, ways: Sequence[Sequence[str]], wanted: Callable[[Iterable[bool]], bool]
    ) -> Sequence[str] | None:
        """The first way of which the wanted parts, all or any, are options."""
        for way in ways:
            if way and wanted(self._find_option(part) is not None for part in way):
                return way
        return None

    def _explain_reject(self, ways: Sequence[Sequence[str]]) -> str:
        """Only a text can be read in several ways."""
        parted = len(ways) > 1 and any(len(way) > 1 for way in ways)
        what = "the text cannot be split into" if parted else "none of"
        return (
            f"{what} the picklist's options ({self.options.examples}); {_SETTING} is reject, and "
            "add sends such values"
        )

    def _find_option(self, text: str) -> str | None:
        exact = self.options.find_exact(text)
        if exact is not None:
            return exact
        return self.options.find_similar(text) or self.new.get(fold(text))

    def _write(self, texts: Sequence[str], warn: Warn) -> Iterator[str]:
        for text in texts:
            known = self._find_option(text)
            if known is None:
                if self._several and ";" in text:
                    raise InvalidValueError(HOLDS_SEMICOLON)
                if self.options and len(self.new) < _MOST_NEW:
                    self.new[fold(text)] = text
            elif text != known and not self.has(text):
                warn(
                    f"has values that differ from options of {self} by case or blanks only; they "
                    "are written as the options are"
                )
            yield text if known is None else known
