# SPDX-License-Identifier: Apache-2.0
"""Which names Elasticsearch takes for an index, alias or data stream.

A wrong one is told before the job starts, and not by the first document. Source: Elastic's
reference of the create index API, and 8.19's own refusals.
"""

from __future__ import annotations

from flinksec_jobs.errors import SettingsError

_LONGEST = 255
_FORBIDDEN = '\\/*?"<>| ,#:'


def check(name: object, written: object = None) -> None:
    """Refuse what can be no index's name; ``<logs-{now/d}>`` is date math, the server's to judge.

    Args:
        name: of an index.
        written: what the job has in its place, for the message.

    Raises:
        SettingsError: it names the rule.
    """
    wrong = problem(name)
    if wrong is not None:
        said = name if written is None else written
        shown = said if not isinstance(said, str) or len(said) <= _LONGEST else f"{said[:60]}…"
        raise SettingsError(
            f"to_elasticsearch({shown!r}): the name of an index {wrong}",
            hint='index names are lowercase, up to 255 bytes, such as "late-flights"',
        )


def problem(name: object) -> str | None:
    """Return what is wrong with a name, in words that follow it; None if nothing is."""
    if not isinstance(name, str):
        return f"must be text, not {type(name).__name__}"
    if name.startswith("<") and name.endswith(">") and "{" in name:
        return None
    size = len(name.encode("utf-8", "surrogatepass"))
    odd = next((c for c in name if c in _FORBIDDEN or not c.isprintable()), "")
    rules = (
        (name != "", "must not be empty"),
        (name == name.lower(), "must be lowercase"),
        (name not in {".", ".."}, "must not be . or .."),
        (name[:1] not in set("_-+"), f"must not start with {name[:1]}"),
        (not odd, f"must not contain {odd!r}"),
        (size <= _LONGEST, f"must have at most {_LONGEST} bytes, and this has {size}"),
    )
    return next((rule for kept, rule in rules if not kept), None)
