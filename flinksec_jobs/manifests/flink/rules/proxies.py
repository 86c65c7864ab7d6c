# SPDX-License-Identifier: Apache-2.0
"""An nginx in front of Flink's REST: what comes through it, by its configuration in a ConfigMap.

REST has no rights: the proxy's client certificate may do everything, so what the proxy lets
through is what its users may do. Flink cancels jobs by GET too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.flink.nginx import Answer, Directive, Request, Unclear, answers, parse
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place, mapping, text
from flinksec_jobs.manifests.rule import rule

_JOB = "0123456789abcdef" * 2
_REST_PORT = 8081
# Requests that end a job, in some of the spellings that Flink takes.
_ACTS = (
    *(f"/jobs/{_JOB}/yarn-cancel", f"/jobs/{_JOB}/yarn-stop", f"/v1/jobs/{_JOB}/yarn-cancel"),
    *(f"/v1/jobs/{_JOB}/yarn-stop", f"/jobs/{_JOB}/yarn%2dcancel", f"//jobs/{_JOB}/yarn-cancel"),
    *(f"/jobs/{_JOB}/yarn-cancel/", f"/jobs/{_JOB}/yarn-cancel?x=1", f"/jobs/{_JOB}/yarn-stop/"),
)
# The same beside a path that only reads, for lists that look for one somewhere in what is sent:
# behind the act in its query or fragment, or before it, left again by dots.
_BESIDE = tuple(
    act
    for read in ("/overview", "/jobs/overview", "/config", "/index.html", "/a.js")
    for act in (
        *(f"/jobs/{_JOB}/yarn-cancel?{read}", f"/jobs/{_JOB}/yarn-cancel#{read}"),
        f"{read}{'/..' * read.count('/')}/jobs/{_JOB}/yarn-cancel",
    )
)
# What no Flink of today answers; a list of paths does not have it.
_UNKNOWN = ("/a-path-of-tomorrow", f"/jobs/{_JOB}/a-path-of-tomorrow", "/v1/a-path-of-tomorrow")
_READ = ("/overview", "/jobs/overview", f"/jobs/{_JOB}", "/config", "/")
_METHODS = ("POST", "PATCH", "PUT", "DELETE")
# What a browser says where a page of another site makes it ask. That page can keep it from sending
# Referer, and Origin is not sent for an image or a link.
_FOREIGN = tuple(
    {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target} | more
    for site, mode, target, more in (
        ("cross-site", "no-cors", "image", {}),
        ("same-site", "no-cors", "image", {}),
        ("cross-site", "navigate", "iframe", {}),
        (
            *("cross-site", "cors", "empty"),
            {"Origin": "https://other.example", "Referer": "https://other.example/"},
        ),
    )
)
_LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@dataclass(frozen=True)
class _Proxy:
    """A configuration of which something passes requests on to REST.

    Attributes:
        passed: for each kind of question, those requests that come to REST.
    """

    object: Object
    key: str
    passed: Mapping[str, list[tuple[Request, Answer]]]

    @property
    def all(self) -> Iterator[tuple[Request, Answer]]:
        """Everything that comes to REST."""
        return (one for found in self.passed.values() for one in found)

    def at(self, note: str = "") -> Place:
        """Name the key of its ConfigMap."""
        return self.object.at(f"data[{self.key}]", note)


_QUESTIONS = {
    "read": [Request(path) for path in _READ],
    "act": [Request(path) for path in (*_ACTS, *_BESIDE)],
    "unknown": [Request(path) for path in _UNKNOWN],
    "change": [
        Request(path, method)
        for method in _METHODS
        for path in ("/jobs", f"/jobs/{_JOB}", f"/jobs/{_JOB}/stop", "/overview")
    ],
    "foreign": [
        *(Request(path, headers=sent) for path in (*_READ, *_ACTS) for sent in _FOREIGN),
        *(Request(path, headers=_LINK) for path in (*_READ, *_ACTS) if path != "/"),
    ],
}


@lru_cache(maxsize=2)
def _found(manifests: Manifests) -> tuple[tuple[_Proxy, ...], tuple[Place, ...]]:
    """Return the proxies of REST, and the configurations of which that cannot be told."""
    proxies, unclear = [], []
    for entry in manifests.of("ConfigMap"):
        rest = _Rest(
            frozenset(_hosts(manifests, entry)),
            frozenset(_ports(manifests)),
            tuple(_upstreams(manifests, entry.namespace)),
        )
        for key, content in _texts(entry, _environment(manifests, entry.namespace)):
            if "proxy_pass" not in content or not rest.may_be_in(content):
                continue
            try:
                configuration = parse(content)
                passed = {kind: rest.passed(configuration, _QUESTIONS[kind]) for kind in _QUESTIONS}
            except (Unclear, IndexError) as reason:
                note = str(reason) if isinstance(reason, Unclear) else "a directive is cut"
                unclear.append(entry.at(f"data[{key}]", note))
            else:
                proxies.append(_Proxy(entry, key, passed))
    return tuple(proxies), tuple(unclear)


@dataclass(frozen=True)
class _Rest:
    """Where REST is, for a proxy of one namespace.

    Attributes:
        hosts: names of the JobManager.
        ports: of REST.
        upstreams: those of all configurations there, which include each other.
    """

    hosts: frozenset[str]
    ports: frozenset[str]
    upstreams: tuple[Directive, ...]

    def may_be_in(self, content: str) -> bool:
        words = content.lower()
        names = [one.arguments[0].lower() for one in self.upstreams if self._is_behind(one)]
        written = (*self.hosts, *(f":{port}" for port in self.ports), *(f"://{n}" for n in names))
        return any(name in words for name in written)

    def _is_behind(self, upstream: Directive) -> bool:
        return any(self._is(f"://{one.arguments[0]}") for one in upstream.each("server"))

    def passed(
        self, configuration: Directive, requests: Sequence[Request]
    ) -> list[tuple[Request, Answer]]:
        """Those of the requests that come to REST, below each prefix that goes there."""
        return [
            (sent, answer)
            for prefix in _prefixes(configuration)
            for request in requests
            for sent in [Request(prefix + request.path, request.method, request.headers)]
            for answer in answers(configuration, sent, self.upstreams)
            # Flink takes dots in a path for names, so they act only where nginx has followed them.
            if self._is(answer.upstream) and not (answer.as_sent and "/.." in request.path)
        ]

    def _is(self, upstream: str) -> bool:
        server = upstream.partition("://")[2].lower()
        host, _, port = server.rpartition(":")
        host, server = host.rstrip("."), server.rstrip(".")
        return host in self.hosts or port in self.ports or server in self.hosts


def _prefixes(configuration: Directive) -> list[str]:
    """Return what stands before the path where ``proxy_pass`` replaces a part of it."""
    found = {""}
    for one in configuration.everything():
        passed = one.first("proxy_pass") if one.name == "location" else None
        if passed and re.match(r"\w+://[^/]+/", passed.arguments[0]):
            found.add(one.arguments[-1].lstrip("=^~ ").rstrip("/"))
    return sorted(found)


def _upstreams(manifests: Manifests, namespace: str) -> Iterator[Directive]:
    """Each ``upstream`` of a namespace; what is no configuration has none."""
    environment = _environment(manifests, namespace)
    for entry in manifests.of("ConfigMap"):
        if entry.namespace != namespace:
            continue
        for _, content in _texts(entry, environment):
            if "upstream" not in content:
                continue
            try:
                everything = parse(content).everything()
            except Unclear:
                continue  # Told of where it passes something on itself.
            for one in everything:
                servers = [server.arguments for server in one.each("server")]
                if one.name == "upstream" and one.arguments and all(servers):
                    yield one


def _environment(manifests: Manifests, namespace: str) -> dict[str, str]:
    """Return what stands in the environment of a namespace's containers, as far as it is a text."""
    return {
        text(one.get("name")): text(one.get("value"))
        for container in manifests.containers
        if container.pod.owner.namespace == namespace
        for _, one in container.environment
        if one.get("value")
    }


def _substituted(content: str, environment: Mapping[str, str]) -> str:
    """Return the image of nginx puts its environment in place of ``${NAME}`` in a template."""
    return re.sub(r"\$\{(\w+)\}", lambda found: environment.get(found[1], found[0]), content)


def _texts(entry: Object, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, content in mapping(entry.content.get("data")).items():
        yield text(key), _substituted(text(content), environment)
    for key, content in mapping(entry.content.get("binaryData")).items():
        try:
            yield text(key), base64.b64decode(text(content)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue


def _hosts(manifests: Manifests, entry: Object) -> Iterator[str]:
    """Yield the names by which a JobManager is reached from a namespace."""
    for process in processes(manifests):
        if process.role != "jobmanager":
            continue
        namespace = process.pod.owner.namespace
        for service in manifests.of("Service"):
            selector = mapping(service.spec.get("selector"))
            chosen = selector and selector.items() <= process.pod.labels.items()
            if chosen and service.namespace == namespace:
                if namespace == entry.namespace:
                    yield service.name
                yield f"{service.name}.{namespace}"
                yield f"{service.name}.{namespace}.svc"
                yield f"{service.name}.{namespace}.svc.cluster.local"


def _ports(manifests: Manifests) -> Iterator[str]:
    yield str(_REST_PORT)
    for process in processes(manifests):
        if process.role == "jobmanager" and process.rest_port:
            yield str(process.rest_port)


@rule(
    "proxy-unclear",
    why="its configuration does not show what this proxy lets through to Flink's REST",
    fix="write it without this, as components/proxy/nginx.conf does, or skip the rule with the "
    "reason why it is safe",
)
def _unclear(manifests: Manifests) -> Iterator[Place]:
    yield from _found(manifests)[1]


@rule(
    "proxy-cancel",
    why="whoever can read through this proxy can cancel the job, as Flink also cancels by GET",
    fix="let a list of paths through, and refuse yarn-cancel and yarn-stop by name, decoded",
)
def _cancel(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for request, _ in proxy.passed["act"]:
            yield proxy.at(f"GET {request.path}")
            break


@rule(
    "proxy-paths",
    why="this proxy lets unknown paths through, which another version of Flink may answer",
    fix="refuse every path that is not in a list, as components/proxy/nginx.conf does",
)
def _paths(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for request, _ in proxy.passed["unknown"]:
            yield proxy.at(f"GET {request.path}")
            break


@rule(
    "proxy-methods",
    why="this proxy lets more than GET through: cancelling, rescaling, savepoints",
    fix="limit_except GET { deny all; }",
)
def _methods(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        if found := sorted({request.method for request, _ in proxy.passed["change"]}):
            yield proxy.at(", ".join(found))


@rule(
    "proxy-open",
    why="this proxy uses its own certificate for every client, without asking who it is",
    fix="auth_basic with auth_basic_user_file, or ssl_verify_client on, for every location",
)
def _open(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for request, answer in proxy.all:
            if not _is_asked_who(answer):
                yield proxy.at(f"GET {request.path}")
                break


def _is_asked_who(answer: Answer) -> bool:
    realm = answer.setting("auth_basic")
    users = answer.setting("auth_basic_user_file")
    by_password = realm is not None and realm != ("off",) and users is not None
    return (
        by_password
        or answer.setting("ssl_verify_client") == ("on",)
        or answer.setting("auth_request") not in {None, ("off",)}
    )


@rule(
    "proxy-clear",
    why="the password of this proxy goes over the network in clear",
    fix="listen … ssl, with ssl_certificate and ssl_certificate_key",
)
def _clear(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for _, answer in proxy.all:
            listens = [one.arguments for one in answer.blocks[1].each("listen")]
            if not listens or any("ssl" not in words[1:] for words in listens):
                yield proxy.at(" ".join(listens[0]) if listens else "no listen")
                break


@rule(
    "proxy-upstream",
    why="this proxy does not check whom it connects to: anyone in between can answer for Flink",
    fix="https:// in proxy_pass, proxy_ssl_verify on and proxy_ssl_trusted_certificate",
)
def _upstream(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for _, answer in proxy.all:
            checked = answer.setting("proxy_ssl_verify") == ("on",)
            trusted = answer.setting("proxy_ssl_trusted_certificate")
            if not answer.upstream.startswith("https:") or not checked or not trusted:
                yield proxy.at(answer.upstream)
                break


@rule(
    "proxy-other-sites",
    why="any page that a user of this proxy opens may ask Flink with that user's password",
    fix="refuse by Sec-Fetch-Site, Origin and Referer what another site makes a browser ask",
)
def _other_sites(manifests: Manifests) -> Iterator[Place]:
    for proxy in _found(manifests)[0]:
        for request, _ in proxy.passed["foreign"]:
            yield proxy.at(f"GET {request.path}")
            break
