"""Checks a config against its form, in sentences that name the form's fields.

Airbyte's form lets some things pass, and a config that is written by hand knows no form at all.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from jsonschema import Draft7Validator, ValidationError

from zoho_crm.problems import config_error
from zoho_crm.similar_names import find_similar

LOGGER = logging.getLogger("airbyte")

Schema = Mapping[str, Any]

#: A setting of Airbyte's older source, which is not needed.
_OLDER = "edition"

_NO_TYPE = {
    "string": "is not text",
    "integer": "is not a whole number",
    "boolean": "is neither true nor false",
    "array": "is not a list",
    "object": "is not a JSON object",
}


class UnknownKey(str):
    """A sentence on a key that no setting has. The rest of the config can be judged without it."""


def complete_config(
    config: object, form: Schema, *, put_off: list[str] | None = None
) -> dict[str, Any]:
    """A copy of the config as the form would save it: missing settings have their defaults, those
    of a chosen option too; texts have no blanks around them, and what is null or blank is absent.
    Inside lists texts stay as they are, because they hold names of other systems, and no default
    replaces what a person left out.

    Raises one config error that names all that does not fit; values of secrets are not shown.
    `put_off`: where nothing but unknown keys is wrong, it takes the sentences, and the caller
    raises them with what else it finds.
    """
    if not isinstance(config, Mapping):
        raise config_error("The config is not a JSON object.")
    whole: dict[str, Any] = _tidy(config)
    _complete(whole, form)
    problems = list(_find_problems(whole, form, ""))
    if put_off is not None and all(isinstance(one, UnknownKey) for one in problems):
        put_off += problems
    elif problems:
        raise config_error(" ".join(problems))
    return whole


def warn_of_unknown(config: Mapping[str, Any], form: Schema, *judged: str) -> None:
    """Warns of keys that no setting has, in the config and in chosen options; those with an
    underscore are the connectors' own. In entries of lists, `complete_config` rejects them.

    `judged`: keys that the form does not ask for and the connector looks at anyway.
    """
    _warn_of_keys("The config", config, (*form["properties"], _OLDER, *judged))
    for name, schema in form["properties"].items():
        chosen = config.get(name)
        if "oneOf" in schema and isinstance(chosen, Mapping):
            _warn_of_keys(_build_label(name, schema, ""), chosen, _collect_keys(schema["oneOf"]))


def _warn_of_keys(place: str, settings: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in settings:
        if key not in known and not key.startswith("_"):
            _warn_once(f"{place} has a key {key} that no setting has; it is ignored", key, known)


@cache
def _warn_once(sentence: str, key: str, known: tuple[str, ...]) -> None:
    """In a process: several commands complete a config more than once."""
    LOGGER.warning(sentence + _suggest(key, known))


def _suggest(key: str, known: Sequence[str]) -> str:
    near = find_similar(key, known)
    return f". Did you mean {near}?" if near else "."


def _collect_keys(options: Sequence[Schema]) -> tuple[str, ...]:
    """Of all options: the form keeps the keys of one that was chosen before."""
    return tuple(dict.fromkeys(key for option in options for key in option["properties"]))


def _tidy(value: Any, *, listed: bool = False) -> Any:
    if isinstance(value, Mapping):
        tidied = {key: _tidy(inner, listed=listed) for key, inner in value.items()}
        return {key: inner for key, inner in tidied.items() if inner not in (None, "")}
    if isinstance(value, list):
        return [_tidy(inner, listed=True) for inner in value]
    if isinstance(value, str):
        return value if listed and value.strip() else value.strip()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _complete(settings: dict[str, Any], form: Schema) -> None:
    for key, schema in form["properties"].items():
        options = schema.get("oneOf", ())
        # An empty choice is none: the form saves one where an older config has no such key.
        absent = key not in settings or (options and settings[key] == {})
        if absent and "default" in schema:
            settings[key] = deepcopy(schema["default"])
        if option := _find_chosen(settings.get(key), options):
            _complete(settings[key], option)


def _find_problems(
    config: Mapping[str, Any], form: Schema, place: str, *, listed: bool = False
) -> Iterator[str]:
    """`listed`: the settings are in an entry of a list, which a person wrote."""
    properties = form["properties"]
    for name in form.get("required", ()):
        if name not in config:
            yield f"{_build_label(name, properties[name], place)} is missing."
    for name, schema in properties.items():
        if name in config:
            yield from _find_problems_of_value(config[name], name, schema, place, listed=listed)


def _find_problems_of_value(
    value: Any, name: str, schema: Schema, place: str, *, listed: bool
) -> Iterator[str]:
    label, items = _build_label(name, schema, place), schema.get("items", {})
    if "oneOf" in schema:
        if listed and isinstance(value, Mapping):
            yield from _find_unknown_keys(value, _collect_keys(schema["oneOf"]), label)
        yield from _find_problems_of_choice(value, schema["oneOf"], label)
    elif isinstance(value, list) and items.get("type") == "object":
        for number, item in enumerate(value, 1):
            entry = f"{place}{items['title']} {number}"
            if isinstance(item, Mapping):
                yield from _find_unknown_keys(item, tuple(items["properties"]), entry)
                yield from _find_problems(item, items, f"{entry}: ", listed=True)
            else:
                yield f"{entry} is not a JSON object."
    else:
        for error in Draft7Validator(schema).iter_errors(value):
            yield f"{label} {_describe_error(error, schema)}."
            return


def _find_unknown_keys(
    settings: Mapping[str, Any], known: Sequence[str], entry: str
) -> Iterator[str]:
    for key in settings:
        if key not in known:
            yield UnknownKey(f"{entry} has a key {key} that no setting has{_suggest(key, known)}")


def _find_problems_of_choice(value: Any, options: Sequence[Schema], label: str) -> Iterator[str]:
    key, first = _find_discriminator(options[0])
    by_name = {_find_discriminator(option)[1]: option for option in options}
    if option := _find_chosen(value, options):
        yield from _find_problems(value, option, f"{label}: ")
    elif isinstance(value, str):
        meant = by_name[find_similar(value, tuple(by_name)) or first]
        example = _build_example(meant)
        yield f"{label} is {value!r}, which is not a JSON object; write it as {example}."
    else:
        needs = f"{label} needs {key}: {' or '.join(by_name)}"
        if isinstance(value, Mapping) and key in value:
            said = value[key]
            yield f"{needs}, not {_show(said)}{_suggest(str(said), tuple(by_name))}"
        else:
            yield f"{needs}."


def _build_example(option: Schema) -> str:
    """The option as JSON, with what else it requires."""
    key, constant = _find_discriminator(option)
    others = [name for name in option.get("required", ()) if name != key]
    return json.dumps({key: constant} | {n: _build_sample(option["properties"][n]) for n in others})


def _build_sample(schema: Schema) -> Any:
    if schema["type"] == "array":
        return schema["items"]["enum"][:1]
    return schema["examples"][0]


def _find_chosen(value: Any, options: Sequence[Schema]) -> Schema | None:
    """The option that the value names; None: it names none."""
    for option in options:
        key, constant = _find_discriminator(option)
        if isinstance(value, Mapping) and value.get(key) == constant:
            return option
    return None


def _find_discriminator(option: Schema) -> tuple[str, str]:
    """The first property of an option is the constant that distinguishes it from the others."""
    key, first = next(iter(option["properties"].items()))
    return key, first["const"]


def _describe_error(error: ValidationError, schema: Schema) -> str:
    shown = "a value" if schema.get("airbyte_secret") else _show(error.instance)
    limit: Any = error.validator_value
    match error.validator:
        case "type":
            if isinstance(limit, list):
                return f"is {shown}; write it like {' or '.join(schema['examples'])}"
            quoted = limit == "string" and isinstance(error.instance, int | float)
            hint = "; write it in quotes" if quoted else ""
            of_value = "" if schema.get("airbyte_secret") else f"is {shown}, which "
            return f"{of_value}{_NO_TYPE[limit]}{hint}"
        case "enum":
            return f"is {shown}, which is none of {', '.join(map(str, limit))}"
        case "minimum":
            return f"is {shown}, and {limit} is the least"
        case "maximum":
            return f"is {shown}, and {limit} is the most"
        case "pattern":
            return f"is {shown}; write it like {' or '.join(schema['examples'])}"
        case "minItems":
            return f"is empty; choose among {', '.join(schema['items']['enum'])}"
    return f"is {shown}: {error.message}"


def _show(value: Any) -> str:
    return repr(value) if isinstance(value, str) else json.dumps(value)


def _build_label(name: str, schema: Schema, place: str) -> str:
    return f"{place}{schema['title']} ({name})"
