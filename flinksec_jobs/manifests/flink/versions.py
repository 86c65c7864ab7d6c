# SPDX-License-Identifier: Apache-2.0
"""The version of Flink that an image holds, as far as its name says, and what depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.findings import Finding

Version = tuple[int, int]
CURRENT, OLD = "config.yaml", "flink-conf.yaml"
_NUMBER = re.compile(r"^v?(\d+)[._](\d+)")
_IN_A_NAME = re.compile(r"flink-?v?(\d+)[._](\d+)", re.I)
_BOTH, _OLD_GONE, _JAVA_17 = (1, 19), (2, 0), (1, 18)


def version_of_image(image: str) -> Version | None:
    """Return the version that an image's tag names.

    The tag of another image than Flink's is its own version, unless it says ``flink-1.20``.
    """
    path = image.partition("@")[0]
    name, _, tag = path.rpartition("/")[2].partition(":")
    own = _NUMBER.match(tag) if name in {"flink", "flink-docker", "pyflink"} else None
    match = own or _IN_A_NAME.search(f"{name}:{tag}".replace(":", "-"))
    return (int(match[1]), int(match[2])) if match else None


def version_of_word(word: str) -> Version | None:
    """Return the version that the operator's ``flinkVersion`` names, such as ``v1_20``."""
    match = _NUMBER.match(word)
    return (int(match[1]), int(match[2])) if match else None


def files_read(version: Version | None) -> tuple[str, ...]:
    """Return the names under which Flink looks for its configuration; the first that exists wins.

    Flink 1.19 and 1.20 read both names and prefer the old one; where the version is unknown, so is
    the preference, and the name that all new versions read comes first.
    """
    if version is None:
        return (CURRENT, OLD)
    if version >= _OLD_GONE:
        return (CURRENT,)
    return (OLD, CURRENT) if version >= _BOTH else (OLD,)


def problems_for(options: Mapping[str, object], version: Version | None) -> Iterator[Finding]:
    """Yield what is wrong with options in a version of Flink."""
    given = dict(options)
    if version and version < _OLD_GONE and "security.ssl.enabled" in given:
        # Flink 1 takes it for both kinds of traffic, where they say nothing themselves.
        both = str(given.pop("security.ssl.enabled")).lower()
        for kind in ("internal", "rest"):
            given.setdefault(f"security.ssl.{kind}.enabled", both)
    for found in conf_problems(given):
        if found.id == "add-opens-lost" and version and version < _JAVA_17:
            continue  # there is no such Flink on Java 17
        yield found
