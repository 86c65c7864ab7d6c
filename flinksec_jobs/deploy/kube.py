# SPDX-License-Identifier: Apache-2.0
"""The API server through the official client: few verbs, plain objects, errors of our own.

What gets no answer is asked again, with longer and longer waits, as long as ``patience`` lasts; a
login that is not taken is read again, once: a token in a file is replaced before it ends.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from flinksec_jobs.deploy.kube_answers import no_connection, no_object, refused
from flinksec_jobs.deploy.kube_bodies import as_yaml, is_unicode
from flinksec_jobs.deploy.kube_errors import (
    InvalidObjectError,
    KubeError,
    KubeUnreachableError,
    UnauthorizedError,
)
from flinksec_jobs.deploy.kube_paths import Paths
from flinksec_jobs.deploy.outside import FIELD_MANAGER, KubeObject, Ref

# With a charset, or the client makes JSON of it by itself, with escapes that are no YAML.
_APPLY = "application/apply-patch+yaml; charset=utf-8"
_MERGE = "application/merge-patch+json"
# To connect, and to wait for an answer; admission webhooks have up to half a minute.
_TIMEOUT_SECONDS = (5, 40)
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 8.0
# Of one that has never answered: its address may be wrong.
_FIRST_PATIENCE_SECONDS = 60.0
_NOT_FOUND = 404
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
T = TypeVar("T")


class Kube:
    """The API server for one namespace; an `flinksec_jobs.deploy.outside.ApiServer`.

    Args:
        client: a ``kubernetes.client.ApiClient``; `flinksec_jobs.deploy.kube_login` makes it.
        namespace: of everything that has one.
        patience: how long to go on asking an API server that does not answer, in seconds; a
            minute at most, if it has never answered.
        login: makes a client anew from the files of the login; ``None``: it is not read again.
        tell: gets a line when it does not answer, and when it does again.
        timeouts: of a connection, and of each part of an answer, in seconds.
        clock: seconds that never go back.
        sleep: waits for some seconds.

    Attributes:
        before_again: is called before a change is sent once more, and raises if nothing may be
            changed any more: the server was away for others too, or for this command alone.

    Raises:
        InvalidObjectError: no namespace has this name.
    """

    def __init__(
        self,
        client: Any,
        namespace: str,
        *,
        patience: float = 60.0,
        login: Callable[[], Any] | None = None,
        tell: Callable[[str], None] = lambda _: None,
        timeouts: tuple[float, float] = _TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not _NAMESPACE.fullmatch(namespace):
            raise InvalidObjectError(
                f"{namespace!r} is not the name of a namespace",
                hint="small letters of ASCII, digits and hyphens; at most 63",
            )
        self.client = client
        self._namespace = namespace
        self._patience = patience
        self._login, self._tell, self._timeouts = login, tell, timeouts
        self._has_answered = False
        self._silent_since: float | None = None
        self._clock = clock
        self._sleep = sleep
        self.before_again: Callable[[], None] = lambda: None
        self._paths = Paths(namespace, lambda path: self._ask("GET", path) or {})

    @property
    def namespace(self) -> str:
        """The namespace of everything that has one."""
        return self._namespace

    def who(self) -> str:
        """Return the name of the account, as the API server knows it."""
        version = "authentication.k8s.io/v1"
        asked = {"apiVersion": version, "kind": "SelfSubjectReview"}
        answer = self._ask("POST", f"/apis/{version}/selfsubjectreviews", body=asked)
        return str(answer["status"]["userInfo"].get("username") or "?")

    def may(self, verb: str, what: Ref) -> bool:
        """Tell whether the account may do something to an object, by the API server's own word."""
        resource = self._paths.resource(what.api_version, what.kind)
        attributes = {
            "verb": verb,
            "group": what.api_version.rpartition("/")[0],
            "resource": resource.plural,
            "name": what.name,
        }
        if resource.namespaced:
            attributes["namespace"] = self._namespace
        version = "authorization.k8s.io/v1"
        asked = {
            "apiVersion": version,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._ask("POST", f"/apis/{version}/selfsubjectaccessreviews", body=asked)
        return bool(answer["status"].get("allowed"))

    def get(self, what: Ref) -> KubeObject | None:
        """Return an object, ``None`` if there is none."""
        found: KubeObject | None = self._ask("GET", self._path(what), missing_is_none=True)
        return found

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        """Return the objects of a kind that have these labels."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        path = self._paths.collection(api_version, kind)
        answer = self._ask("GET", path, query={"labelSelector": selector} if selector else {})
        # The items of a list leave out what they are.
        return [one | {"apiVersion": api_version, "kind": kind} for one in answer.get("items", ())]

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Apply server-side, and take over the fields that somebody else has applied."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"} | _dry(dry_run)
        path = self._path(Ref.of(content))
        return self._ask("PATCH", path, query=query, body=content, content_type=_APPLY) or {}

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Create an object; one of its name is a conflict."""
        what = Ref.of(content)
        path = self._paths.collection(what.api_version, what.kind)
        query = {"fieldManager": FIELD_MANAGER} | _dry(dry_run)
        return self._ask("POST", path, query=query, body=content) or {}

    def replace(self, content: KubeObject) -> KubeObject:
        """Put this in place of the object with the ``metadata.resourceVersion`` that it has."""
        query = {"fieldManager": FIELD_MANAGER}
        return self._ask("PUT", self._path(Ref.of(content)), query=query, body=content) or {}

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        """Merge changes into an object; ``None`` removes."""
        query = {"fieldManager": FIELD_MANAGER}
        path, body = self._path(what), dict(changes)
        return self._ask("PATCH", path, query=query, body=body, content_type=_MERGE) or {}

    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        """Delete an object and, before it, what it owns; one that is gone is deleted."""
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Foreground",
        }
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        self._ask("DELETE", self._path(what), body=options, missing_is_none=True)

    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        """Return the last lines that a pod wrote; nothing if it has written none, or is gone."""
        path = f"{self._path(Ref('v1', 'Pod', pod))}/log"
        query = {"tailLines": str(lines)} | ({"container": container} if container else {})
        found = self._ask("GET", path, query=query, missing_is_none=True, text=True)
        return found or ""

    def log_lines(self, pod: str, *, container: str, lines: int, since: str) -> Iterator[str]:
        """Yield lines of a pod as they come, each with its time before it.

        Args:
            pod: its name.
            container: whose log.
            lines: how many that are there already, if there is no time to begin from.
            since: a time to begin from, of whole seconds; empty for none.

        Raises:
            KubeError: there is no answer, or the container has not started. A connection that
                ends, or is silent, is no error.
        """
        asked = {"follow": "true", "timestamps": "true", "container": container}
        asked |= {"sinceTime": since} if since else {"tailLines": str(lines)}
        path = f"{self._path(Ref('v1', 'Pod', pod))}/log"

        def once() -> Any:
            return self.client.call_api(
                path,
                "GET",
                query_params=list(asked.items()),
                header_params={"Accept": "*/*"},
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=self._timeouts,
            )

        answer = self._logged_in(lambda: _told(once, "GET", path, missing_is_none=True))
        if answer is not None:
            yield from _lines_of(answer)

    def _path(self, what: Ref) -> str:
        # A name of another alphabet, or with a slash, is one that the API server refuses.
        return f"{self._paths.collection(what.api_version, what.kind)}/{quote(what.name, safe=':')}"

    def _ask(  # noqa: PLR0917  the parts of a request
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        missing_is_none: bool = False,
        text: bool = False,
    ) -> Any:
        if not is_unicode(body):
            raise InvalidObjectError(
                f"{method} {path} would send half of a surrogate pair, which is no character",
                hint="write the character itself into the manifest, in UTF-8",
            )
        sent = as_yaml(body) if body and content_type == _APPLY else body

        def once() -> Any:
            answer = self.client.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={
                    # Of a log the API server takes no text/plain, though it is that.
                    "Accept": "*/*" if text else "application/json",
                    "Content-Type": content_type,
                },
                body=sent,
                response_type=None if text else "object",
                _preload_content=not text,
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _request_timeout=self._timeouts,
            )
            # A log as it is: of one that is JSON the client would make an object, and its text.
            return answer.data.decode("utf-8", "replace") if text else answer

        def told() -> Any:
            found = _told(once, method, path, missing_is_none=missing_is_none)
            if not (text or found is None or isinstance(found, dict)):
                raise no_object(found)
            return found

        return self._patiently(lambda: self._logged_in(told), changes=method in _CHANGES)

    def _logged_in(self, call: Callable[[], T]) -> T:
        """Call, and once more with a login that is read again if the first is not taken."""
        try:
            return call()
        except UnauthorizedError:
            if self._login is None:
                raise
            self.client = self._login()
            return call()

    def _patiently(self, call: Callable[[], T], *, changes: bool) -> T:
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                found = call()
            except KubeUnreachableError as error:
                pause = max(wait, error.after)
                self._wait_or_give_up(pause, error)
                if changes:
                    self.before_again()
            except KubeError:
                self._answered()
                raise
            else:
                self._answered()
                return found
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)

    def _wait_or_give_up(self, seconds: float, error: KubeUnreachableError) -> None:
        """Wait, unless it has been silent for too long: all calls share the patience."""
        now = self._clock()
        is_new = self._silent_since is None
        since = now if self._silent_since is None else self._silent_since
        self._silent_since = since
        least = self._patience if self._has_answered else _FIRST_PATIENCE_SECONDS
        if now + seconds > since + min(self._patience, least):
            raise error
        if is_new:
            self._tell(f"{error.message}; asking again")
        self._sleep(seconds)

    def _answered(self) -> None:
        if self._silent_since is not None and self._has_answered:
            self._tell("the API server answers again")
        self._silent_since, self._has_answered = None, True


def _lines_of(answer: Any) -> Iterator[str]:
    """Yield whole lines of an answer that goes on, until it ends in whatever way."""
    import urllib3.exceptions

    rest = b""
    try:
        for chunk in answer.stream(amt=None):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)
    except (urllib3.exceptions.HTTPError, OSError):
        return  # what came of a line is asked for again
    finally:
        answer.close()
    if rest:
        yield rest.decode("utf-8", "replace")


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _told(once: Callable[[], T], method: str, path: str, *, missing_is_none: bool) -> T | None:
    """Ask once, and tell an error in our words."""
    import urllib3.exceptions
    from kubernetes.client.exceptions import ApiException

    try:
        return once()
    except ApiException as error:
        if missing_is_none and error.status == _NOT_FOUND:
            return None
        raise refused(error, method, path) from None  # its text has headers
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise no_connection(error) from error
