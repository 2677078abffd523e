"""The values of a recipe: from options and TOML files, checked; and written to a file again."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from har.errors import BadOption
from har.training.recipe import Places, Recipe

Values = dict[str, Any]
"""Values by the name of their field."""

_FIELDS: dict[str, dataclasses.Field[Any]] = {
    f.name: f for kind in (Recipe, Places) for f in dataclasses.fields(kind)
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """An option for each value; given() reads them."""
    for name, f in _FIELDS.items():
        option = f"--{name.replace('_', '-')}"
        text = f"{f.metadata['help']} ({_told(f)})".replace("%", "%%")
        if f.metadata["kind"] is bool:
            parser.add_argument(option, dest=name, action=argparse.BooleanOptionalAction, help=text)
        else:
            parser.add_argument(
                option,
                dest=name,
                metavar=_metavar(f),
                choices=f.metadata["choices"] or None,
                help=text,
            )


def given(arguments: argparse.Namespace) -> Values:
    """The values that options gave. Raises BadOption."""
    texts = {name: getattr(arguments, name) for name in _FIELDS}
    return {
        name: _checked(name, _parsed(name, text))
        for name, text in texts.items()
        if text is not None
    }


def read(path: Path) -> Values:
    """The values in a TOML file. Raises BadOption, with the name of a value at fault."""
    import tomllib

    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadOption(f"There is no file {path.name} to read the recipe from.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadOption(f"{path.name} is not TOML: {error}.") from error
    unknown = sorted(set(found) - set(_FIELDS))
    if unknown:
        raise BadOption(
            f"{path.name} sets {', '.join(unknown)}, which no recipe has. "
            f"The names are {', '.join(_FIELDS)}."
        )
    return {name: _checked(name, value) for name, value in found.items()}


def merged(*sources: Values) -> Values:
    """All values, later sources before earlier ones."""
    return {name: value for source in sources for name, value in source.items()}


def resolved(*sources: Values) -> tuple[Recipe, Places]:
    """The recipe and places of merged() values, the rest by default.

    Raises BadOption for values that contradict each other.
    """
    values = merged(*sources)
    recipe, places = Recipe(**_of(Recipe, values)), Places(**_of(Places, values))
    if recipe.stride > recipe.frames:
        raise BadOption(
            f"stride is {recipe.stride} and frames {recipe.frames}: "
            "a stride longer than a clip would leave gaps."
        )
    return recipe, places


def _of(kind: type[Recipe] | type[Places], values: Values) -> Values:
    """The values that are fields of one of the two."""
    return {f.name: values[f.name] for f in dataclasses.fields(kind) if f.name in values}


def differences(first: Recipe, second: Recipe) -> list[str]:
    """What differs between two recipes, such as ``epochs (20, now 30)``."""
    pairs = [
        (f.name, getattr(first, f.name), getattr(second, f.name))
        for f in dataclasses.fields(Recipe)
    ]
    return [f"{name} ({_toml(a)}, now {_toml(b)})" for name, a, b in pairs if a != b]


def to_toml(recipe: Recipe, places: Places) -> str:
    """All values as a TOML file that read() reads, each with what it is."""
    lines = []
    for part in (places, recipe):
        for f in dataclasses.fields(part):
            lines.append(f"# {f.metadata['help']}\n{f.name} = {_toml(getattr(part, f.name))}\n")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    # JSON writes texts and numbers as TOML does.
    if isinstance(value, Mapping):
        pairs = (f"{_toml(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _told(f: dataclasses.Field[Any]) -> str:
    """The range and the default, for the help."""
    low, high = f.metadata["low"], f.metadata["high"]
    span = "" if low is None else f"{low:g} or more; " if high is None else f"{low:g} to {high:g}; "
    default = f.default if f.metadata["kind"] is not dict else ""
    return f"{span}default: {default or 'none' if isinstance(default, str) else _toml(default)}"


def _metavar(f: dataclasses.Field[Any]) -> str | None:
    if f.metadata["choices"]:
        return None
    kinds = {int: "N", float: "X", dict: "NAME=VALUE,..."}
    return f.metadata["metavar"] or kinds.get(f.metadata["kind"], "TEXT")


def _parsed(name: str, text: str | bool) -> Any:
    """A value from the text of its option."""
    kind = _FIELDS[name].metadata["kind"]
    if isinstance(text, bool) or kind is str:
        return text
    try:
        return _pairs(name, text) if kind is dict else kind(text)
    except ValueError:
        raise BadOption(f"{name} must be {_KINDS[kind]}, not '{text}'.") from None


def _pairs(name: str, text: str) -> dict[str, Any]:
    """``a=b,c=d`` as a table; the values of ``sizes`` are numbers."""
    pairs: dict[str, Any] = {}
    for part in text.split(",") if text else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise ValueError
        pairs[key] = json.loads(value) if name == "sizes" else value
    return pairs


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dict: "a table, as an option NAME=VALUE,NAME=VALUE",
}


def _checked(name: str, value: Any) -> Any:
    """The value, of its kind and within its range. Raises BadOption."""
    about = _FIELDS[name].metadata
    kind = about["kind"]
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise BadOption(f"{name} must be {_KINDS[kind]}, not {_toml(value)}.")
    if kind is dict:
        _check_table(name, value)
    if about["choices"] and value not in about["choices"]:
        raise BadOption(f"{name} must be one of {', '.join(about['choices'])}, not '{value}'.")
    if about["low"] is not None:
        _check_range(name, value, about["low"], about["high"])
    return value


def _check_table(name: str, table: Mapping[str, Any]) -> None:
    kinds: Sequence[type] = (int, float) if name == "sizes" else (str,)
    for key, value in table.items():
        if type(value) not in kinds:
            raise BadOption(f"{name} must give {key} {_KINDS[kinds[-1]]}, not {_toml(value)}.")


def _check_range(name: str, value: float, low: float, high: float | None) -> None:
    if math.isfinite(value) and low <= value and (high is None or value <= high):
        return
    span = f"{low:g} or more" if high is None else f"from {low:g} to {high:g}"
    raise BadOption(f"{name} must be {span}, not {value:g}.")
