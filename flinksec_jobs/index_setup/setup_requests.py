# SPDX-License-Identifier: Apache-2.0
"""Requests about what is planned, and what refusals of them mean.

Who asks is handed in: a job asks by the client that its sink will have, a test by Elastic's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flinksec_jobs.errors import JobError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.index_setup.planned import INDEX, LIFECYCLE, Planned

REFUSED = problem(
    "elasticsearch-setup-refused", "the servers do not take a file of elasticsearch.setup"
)
FORBIDDEN = problem(
    "elasticsearch-setup-not-authorized", "the job has no right to what elasticsearch.setup needs"
)
_NO_ILM = problem(
    "elasticsearch-without-lifecycles", "the servers have no lifecycles as Elasticsearch has them"
)

_OK, _BAD, _UNKNOWN, _FORBIDDEN, _CONFLICT = 200, 400, 401, 403, 409
_NO_SUCH = (404,)
_EXISTS = ("resource_already_exists_exception", "index_already_exists_exception")
_LONGEST = 400

_CORRECT_INDEX = (
    "correct the file; what is there of an index, such as the type of a field, cannot be changed: "
    "make another index, reindex into it, and have an alias point there"
)


@dataclass(frozen=True)
class Answer:
    """What a server says.

    Attributes:
        status: of HTTP.
        body: JSON, or None if it is none.
    """

    status: int
    body: Any

    @property
    def error(self) -> tuple[str, str]:
        """The type and the reason of a refusal."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        if isinstance(error, dict):
            causes = error.get("root_cause") or [{}]
            cause = causes[0] if isinstance(causes[0], dict) else {}
            deeper = error.get("caused_by")
            last = str(error.get("reason") or cause.get("reason") or "")
            while isinstance(deeper, dict):
                last = str(deeper.get("reason") or last)
                deeper = deeper.get("caused_by")
            return str(error.get("type") or cause.get("type") or ""), last
        return "", str(error or "")

    @property
    def exists_already(self) -> bool:
        """Whether what should be created is there, of somebody who was quicker."""
        type_, reason = self.error
        return type_ in _EXISTS or (self.status == _BAD and "already exists" in reason)


Ask = Callable[[str, str, Mapping[str, Any] | None], Answer]
"""Sends a request: a method, a path, and a body."""


class Servers:
    """The servers, asked about what is planned.

    Args:
        ask: sends a request.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._are_opensearch: bool | None = None

    def get(self, one: Planned, path: str | None = None, *, method: str = "GET") -> Any:
        """Return what the servers say of something; None if they do not have it.

        Args:
            one: what is asked about, for messages.
            path: of the question; by default where the API has it.
            method: ``POST`` for the few questions that are asked so.

        Raises:
            JobError: they refuse.
        """
        if one.kind is LIFECYCLE:
            self._require_lifecycles(one)
        answer = self._ask(method, path or path_of(one), None)
        if answer.status in _NO_SUCH and "no handler found" not in answer.error[1]:
            return None
        return self._content(one, answer, "look at")

    def send(
        self, one: Planned, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Answer:
        """Change something, and return what is said if it is done or there already.

        Raises:
            JobError: they refuse.
        """
        answer = self._ask(method, path, body)
        if not answer.exists_already:
            self._content(one, answer, "change")
        return answer

    def _content(self, one: Planned, answer: Answer, verb: str) -> Any:
        type_, reason = answer.error
        if answer.status in {_UNKNOWN, _FORBIDDEN}:
            raise _error(
                FORBIDDEN.at(
                    one.where,
                    f"the servers do not let the job {verb} the {one} (status {answer.status})",
                    fix=f"give its user or API key {one.kind.privilege}, or have somebody with "
                    "it run `flinksec elasticsearch apply`",
                )
            )
        if one.kind is LIFECYCLE and "no handler found" in reason:
            raise _without_lifecycles(one, "these servers have no lifecycles (ILM)")
        if not _OK <= answer.status < _BAD:
            said = escaped(f"{type_}: {reason}" if type_ else reason)[:_LONGEST]
            raise _error(
                REFUSED.at(
                    one.where,
                    f"the servers refuse the {one} (status {answer.status}): {said}",
                    fix=_CORRECT_INDEX if one.kind is INDEX else "correct the file",
                )
            )
        if answer.body is None:
            raise _error(
                REFUSED.at(
                    Where(setting="elasticsearch.hosts"),
                    f"asked for the {one}, the servers answer with status {answer.status} and no "
                    "JSON",
                    fix="ask them with curl: a proxy or another program seems to answer there",
                )
            )
        return answer.body

    def _require_lifecycles(self, one: Planned) -> None:
        if self.are_opensearch:
            raise _without_lifecycles(
                one, "OpenSearch has no lifecycles of Elasticsearch (ILM), but ISM policies"
            )

    @property
    def are_opensearch(self) -> bool:
        """Whether they say that they are; who may not ask is taken to use Elasticsearch."""
        if self._are_opensearch is None:
            body = self._ask("GET", "/", None).body
            version = body.get("version") if isinstance(body, dict) else None
            self._are_opensearch = (
                isinstance(version, dict) and version.get("distribution") == "opensearch"
            )
        return self._are_opensearch


def path_of(one: Planned) -> str:
    """Return where the API has something."""
    return one.kind.path + quote(one.name, safe="")


def _without_lifecycles(one: Planned, why: str) -> JobError:
    return _error(
        _NO_ILM.at(
            one.where,
            why,
            fix="take the file away, and set retention by the servers' own means: `lifecycle` in "
            "an index template with a data stream, or an ISM policy",
        )
    )


def _error(finding: Finding) -> JobError:
    return JobError(f"{finding} [{finding.id}]", hint=finding.fix, findings=[finding])
