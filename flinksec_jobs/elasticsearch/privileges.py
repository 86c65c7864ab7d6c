# SPDX-License-Identifier: Apache-2.0
"""What a job may do with an index, as the security of Elasticsearch itself answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flinksec_jobs import refusals
from flinksec_jobs.findings import Finding, Where, note, warning
from flinksec_jobs.index_setup.setup_requests import Answer, Ask

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_TOLD = warning(
    "elasticsearch-rights-refused", "Elasticsearch does not say what the job may do with an index"
)
_NOT_ASKED = note(
    "elasticsearch-rights-not-asked", "nobody can be asked what the job may do with an index"
)
_NOT_ALL = note("elasticsearch-rights-for-new-only", "the job may add documents, and change none")

_PATH = "/_security/user/_has_privileges"
_WRITES = ("index", "create_doc")
_MAKES = ("auto_configure", "create_index")
PRIVILEGES = (*_WRITES, "delete", *_MAKES)
"""What is asked for, of the privileges on indices."""

_OK, _MISSING = 200, 404
_NO_SUCH_API = {400, 404, 405, 410, 501}


def of_index(ask: Ask, index: str) -> tuple[str, list[Finding]]:
    """Ask what the user or API key may do with an index.

    Args:
        ask: sends a request.
        index: an index, alias or data stream; date math is not asked about.

    Returns:
        What it may do, in a few words, and what is wrong with that.

    Raises:
        JobError: there is no answer.
    """
    where = Where(setting="elasticsearch.username", object=f"index {index}")
    if index.startswith("<"):
        why = "date math is no name that rights are given for: its rights are not looked at"
        return "", [_NOT_ASKED.at(where, why, fix="ask for the index of today: --index NAME")]
    body = {"index": [{"names": [index], "privileges": list(PRIVILEGES)}]}
    answer = ask("POST", _PATH, body)
    if answer.status in _NO_SUCH_API:
        why = f"the servers have no {_PATH} (status {answer.status}): rights are not looked at"
        fix = (
            "of OpenSearch, or of Elasticsearch without its security, ask whoever grants rights "
            "there for a right to write the index"
        )
        return "", [_NOT_ASKED.at(where, why, fix=fix)]
    found = _granted(answer, index)
    if found is None:
        why = f"asked for the rights on it, Elasticsearch answers with status {answer.status}"
        fix = "ask it with curl as this user: each user may ask for its own rights"
        return "", [_NOT_TOLD.at(where, why, fix=fix)]
    allowed = [name for name in PRIVILEGES if found.get(name) is True]
    return ", ".join(allowed), list(_judged(ask, index, where, allowed))


def _judged(ask: Ask, index: str, where: Where, allowed: list[str]) -> list[Finding]:
    if not set(_WRITES) & set(allowed):
        why = "the user or API key may not write documents there"
        fix = "give it `create_doc` on the index, or `index` for documents with an id"
        return [refusals.INDEX_FORBIDDEN.at(where, why, fix=fix)]
    findings = []
    is_missing = ask("HEAD", f"/{quote(index, safe='')}", None).status == _MISSING
    if is_missing and not set(_MAKES) & set(allowed):
        why = "there is no such index, and the first document may not make it"
        fix = "give the user or API key `auto_configure` on the index, or have it made before"
        findings.append(refusals.INDEX_FORBIDDEN.at(where, why, fix=fix))
    if lacks := [name for name in ("index", "delete") if name not in allowed]:
        why = f"it lacks `{'`, `'.join(lacks)}`, which documents with an id and deletions need"
        fix = "nothing, if the job writes new documents alone; else give it what it lacks"
        findings.append(_NOT_ALL.at(where, why, fix=fix))
    return findings


def _granted(answer: Answer, index: str) -> Mapping[str, object] | None:
    """Return each privilege with whether it is given; None if the answer does not say it."""
    if answer.status != _OK or not isinstance(answer.body, dict):
        return None
    indices = answer.body.get("index")
    found = indices.get(index) if isinstance(indices, dict) else None
    return found if isinstance(found, dict) else None
