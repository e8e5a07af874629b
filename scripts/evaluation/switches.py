"""`--switch NAME=VALUE`: one setting changed, for ablations. A dot leads into a group, as in `weights.title=0`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Settings = TypeVar("Settings", bound=DataclassInstance)

_TRUTH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


class SwitchError(Exception):
    """A switch is not `NAME=VALUE`, or no such setting exists, or the value does not fit it."""


def read_switches(words: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` words as names and values."""
    switches: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise SwitchError(f"--switch wants NAME=VALUE, not {word!r}.")
        switches[name.strip()] = value.strip()
    return switches


def switchable(settings: DataclassInstance) -> dict[str, bool | int | float | str]:
    """All that can be switched, by its dotted name, with its value now; paths and lists cannot."""
    values: dict[str, bool | int | float | str] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            values |= {f"{field.name}.{name}": inner for name, inner in switchable(value).items()}
        elif isinstance(value, (bool, int, float, str)):
            values[field.name] = value
    return values


def shared_out(switches: Mapping[str, str], *groups: DataclassInstance) -> list[dict[str, str]]:
    """The switches of each group of settings; a name that is in none is refused."""
    known = [switchable(group) for group in groups]
    for name in switches:
        if not any(name in names for names in known):
            everything = ", ".join(name for names in known for name in names)
            raise SwitchError(f"There is no setting {name!r} to switch; there are {everything}.")
    return [{name: value for name, value in switches.items() if name in names} for names in known]


def switched(settings: Settings, switches: Mapping[str, str]) -> Settings:
    """The settings with these changed; each value is read as the kind of value that the setting has now."""
    now = switchable(settings)
    for name, value in shared_out(switches, settings)[0].items():
        settings = _with(settings, name.split("."), _as_kind_of(now[name], name, value))
    return settings


def _with(settings: Settings, path: list[str], value: object) -> Settings:
    first, *rest = path
    return replace(settings, **{first: _with(getattr(settings, first), rest, value) if rest else value})


def _as_kind_of(now: object, name: str, value: str) -> object:
    try:
        if isinstance(now, bool):
            return _TRUTH[value.lower()]
        return type(now)(value) if isinstance(now, (int, float)) else value
    except (KeyError, ValueError):
        raise SwitchError(f"The setting {name} is {now!r} now; {value!r} is not such a value.") from None
