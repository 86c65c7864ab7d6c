# SPDX-License-Identifier: Apache-2.0
"""Every option of Flink, classified once: what it may do to state, secrets and TLS.

Which of them our settings decide is not told here: each setting declares its own (`decides`). The
table is `flink_options.tsv`, and the options that name key providers, which only settings decide. A
test holds it against Flink's jars: an option that is new in a
release of Flink has no class, and the test fails.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast

from flinksec_jobs import key_providers
from flinksec_jobs.settings.names import nearest

Class = Literal[
    "free",  # may be set
    "pinned",  # the library decides it, or it must not be set at all
    "value",  # may have certain values only
    "tls",  # [cluster.tls] decides it
    "secret",  # its value is a secret
    "java",  # arguments of a Java virtual machine
    "reporter",  # the class of a reporter of metrics
    "state",  # a directory of state, of job graphs, of results, or of records
    "local-disk",  # a directory on this machine for the same, which nothing seals
    "sealed-value",  # with sealed state, may have certain values only
    "recovery",  # a checkpoint or savepoint that is read
    "announced",  # weakens something, and is announced at start
    "table",  # belongs to a table or is a constant of Flink's code; no configuration has it
    "internal",  # Flink sets it itself
    "elsewhere",  # belongs to YARN, to Flink's native Kubernetes, to SQL clients: no effect here
]

V = TypeVar("V")
_FILE = Path(__file__).with_name("flink_options.tsv")
_VARIABLE = re.compile(r"<[a-z_]+>")


@dataclass(frozen=True)
class FlinkOption:
    """What is known of one option.

    Attributes:
        name: Flink's name; ``<name>`` stands for a part that is not Flink's.
        kind: its class.
        detail: the values it may have (separated by blanks), or what it does.
        others: Flink's other names of it, most of them old, in the order in which Flink asks.
    """

    name: str
    kind: Class
    detail: str
    others: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values that it may have."""
        return tuple(self.detail.split())


@functools.cache
def flink_options() -> Mapping[str, FlinkOption]:
    """All options, by their names."""
    found = {name: FlinkOption(name, "free", "", ()) for name in key_providers.flink_options()}
    for line in _FILE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, kind, detail, others, *_ = (*line.split("\t"), "", "")
            found[name] = FlinkOption(name, cast(Class, kind), detail, tuple(others.split()))
    return found


def options_set_by(key: str) -> tuple[FlinkOption, ...]:
    """Return the options that a key in a configuration sets; none for a key that Flink ignores.

    A key may set several: it may be an option's own name and another one's old name at once.
    """
    found = dict.fromkeys(_by_key().get(key, ()))
    if not found:
        longest = (option for pattern, option in _patterns() if pattern.fullmatch(key))
        found = dict.fromkeys([option for option in (next(longest, None),) if option])
    return tuple(found)


def of_class(*kinds: Class) -> Iterator[FlinkOption]:
    """Yield the options of some classes."""
    return (option for option in flink_options().values() if option.kind in kinds)


def names(option: FlinkOption) -> tuple[str, ...]:
    """Return the keys that set an option, in the order in which Flink asks."""
    return (option.name, *option.others)


def effective(config: Mapping[str, object], option: FlinkOption) -> object | None:
    """Return the value that Flink takes for an option: under its own name, else another one."""
    return next((config[key] for key in names(option) if key in config), None)


def laid_over(given: Mapping[str, V], options: Mapping[str, V]) -> dict[str, V]:
    """Return options with what is given on top: it wins under each of Flink's names.

    Flink takes an old name only where the new one is not set.
    """
    said = {option.name for key in given for option in options_set_by(key) if key not in options}
    return {name: value for name, value in options.items() if name not in said} | dict(given)


def meant(key: str) -> str | None:
    """Return the option that an unknown key was probably meant to be; close names only."""
    return nearest(key, _by_key(), cutoff=0.85)


@functools.cache
def _by_key() -> Mapping[str, tuple[FlinkOption, ...]]:
    keys: dict[str, tuple[FlinkOption, ...]] = {}
    for option in flink_options().values():
        if not _VARIABLE.search(option.name):
            for key in names(option):
                keys[key] = (*keys.get(key, ()), option)
    return keys


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], FlinkOption], ...]:
    """Return the families of options, the more special ones first."""
    families = [
        found
        for found in flink_options().values()
        if _VARIABLE.search(found.name) and found.kind != "table"
    ]
    families.sort(key=lambda option: -len(_VARIABLE.sub("", option.name)))
    return tuple((_pattern(option.name), option) for option in families)


def _pattern(name: str) -> re.Pattern[str]:
    parts = _VARIABLE.split(name)
    inner, last = parts[:-1], parts[-1]
    joined = "[^.]+".join(re.escape(part) for part in inner)
    return re.compile(f"{joined}{'[^.]+' + re.escape(last) if last else '.+'}")
