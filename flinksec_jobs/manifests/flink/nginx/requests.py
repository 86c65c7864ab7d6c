# SPDX-License-Identifier: Apache-2.0
"""Which requests a configuration passes on, to where, and what it asks for before.

Source: nginx 1.22, its documentation of the modules core, map, rewrite, access, auth_basic and
proxy. What is not among that, and could change where a request goes, is unclear and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from flinksec_jobs.manifests.flink.nginx.directives import Directive, Unclear
from flinksec_jobs.manifests.flink.nginx.variables import Choices, Variables

# Directives that send a request elsewhere, or make another of it, in ways that are not followed.
_UNFOLLOWED = re.compile(
    r"include|mirror|satisfy|proxy_method|proxy_set_body|post_action|load_module|stream"
    r"|perl\w*|js_\w+|\w+_by_lua\w*|grpc_pass|(fastcgi|scgi|uwsgi)_pass"
)


@dataclass(frozen=True)
class Request:
    """What a client sends.

    Attributes:
        path: with its query, as it is sent.
    """

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The path as nginx compares it: decoded, without dots and double slashes."""
        parts: list[str] = []
        decoded = re.sub(r"/+", "/", unquote(re.split("[?#]", self.path)[0], "latin-1"))
        for part in decoded.split("/")[1:]:
            if part == "..":
                del parts[-1:]
            elif part != ".":
                parts.append(part)
        ends_open = decoded.endswith(("/.", "/.."))
        return "/" + "/".join(parts) + ("/" if ends_open and parts else "")


@dataclass(frozen=True)
class Answer:
    """A request that is passed on.

    Attributes:
        upstream: the server, such as ``https://flink-jobmanager:8081``.
        blocks: those that it is in: http, server, locations.
        as_sent: whether its path goes on as the client wrote it, and not as nginx understood it.
    """

    upstream: str
    blocks: tuple[Directive, ...]
    as_sent: bool

    def setting(self, name: str) -> tuple[str, ...] | None:
        """Return the arguments of a directive, from the innermost block that has it."""
        for block in reversed(self.blocks):
            if found := block.first(name):
                return found.arguments
        return None


def answers(
    configuration: Directive, request: Request, shared: Sequence[Directive] = ()
) -> Iterator[Answer]:
    """Yield what each server of a configuration does with a request, if it passes it on.

    Where that depends on a header that the client chooses, all that it can bring about counts.

    Args:
        configuration: as `directives.parse` returns it.
        request: what is sent.
        shared: each ``upstream`` of other files, which this one may name.

    Raises:
        Unclear: that cannot be told.
    """
    for one in configuration.everything():
        _refuse_unfollowed(one)
    # Without http it is a file for conf.d, which another one includes.
    for http in list(configuration.each("http")) or [configuration]:
        for server in http.each("server"):
            choices = Choices()
            while choices.is_open():
                yield from _Server(http, server, request, shared, choices).answer()


def _refuse_unfollowed(one: Directive) -> None:
    """Also where the request does not come by: it would be another request that does."""
    redirects = one.arguments[-1:] in {("redirect",), ("permanent",)}
    if _UNFOLLOWED.fullmatch(one.name) or (one.name == "rewrite" and not redirects):
        raise Unclear(f"{one.name} is not followed")
    if one.name == "if" and (one.first("proxy_pass") or one.first("break")):
        raise Unclear("proxy_pass and break in if are not followed")
    if one.name == "limit_except" and one.first("proxy_pass"):
        raise Unclear("proxy_pass in limit_except is not followed")
    if one.name == "merge_slashes" and one.arguments != ("on",):
        raise Unclear("merge_slashes off is not followed")
    if one.name == "auth_basic" and "$" in "".join(one.arguments):
        raise Unclear("auth_basic by a variable is not followed")
    if one.name == "error_page" and one.arguments[-1:] and one.arguments[-1].startswith("@"):
        raise Unclear("error_page to another location is not followed")
    if one.name == "proxy_pass":
        path = re.sub(r"^\w+://[^/]*?(?=/|\$(request_)?uri\b|$)", "", one.arguments[0])
        if "$" in path and not re.fullmatch(r"\$(request_)?uri(\$is_args\$args)?", path):
            raise Unclear(f"proxy_pass {one.arguments[0]} is not followed")


def _split(location: Directive) -> tuple[str, str]:
    """Return the modifier of a location, and its path or pattern."""
    words = location.arguments
    if len(words) > 1:
        return words[0], words[1]
    found = re.match(r"(=|\^~|~\*|~)?(.*)", words[0] if words else "", re.DOTALL)
    return (found[1] or "", found[2]) if found else ("", "")


class _Server:
    def __init__(
        self,
        http: Directive,
        server: Directive,
        request: Request,
        shared: Sequence[Directive],
        choices: Choices,
    ) -> None:
        self._http = http
        self._server = server
        self._request = request
        self._upstreams = [*http.each("upstream"), *shared]
        self._variables = Variables(http, request.path, request.uri, request.method, choices)
        self._variables.add_headers(request.headers)

    def answer(self) -> Iterator[Answer]:
        if self._returns(self._server):
            return
        found, _ = self._locations(self._server)
        if found:
            yield from self._within(found[-1], (self._http, self._server, *found))

    def _locations(self, block: Directive) -> tuple[tuple[Directive, ...], bool]:
        """Find the location as nginx does: it and those around it, and whether that is the end.

        A pattern within the longest prefix goes before those beside it.
        """
        uri = self._request.uri
        longest, modifier, pattern = None, "", ""
        for one in block.each("location"):
            kind, text = _split(one)
            if text.startswith("@"):
                continue
            if kind == "=" and uri == text:
                return (one,), True
            if kind in {"", "^~"} and uri.startswith(text) and len(text) >= len(pattern):
                longest, modifier, pattern = one, kind, text
        found: tuple[Directive, ...] = ()
        if longest is not None:
            inner, is_final = self._locations(longest)
            found = (longest, *inner)
            if is_final:
                return found, True
        if modifier != "^~":
            for one in block.each("location"):
                kind, text = _split(one)
                if kind in {"~", "~*"} and self._variables.match(text, uri, kind == "~*"):
                    return (one, *self._locations(one)[0]), True
        return found, False

    def _within(self, location: Directive, blocks: tuple[Directive, ...]) -> Iterator[Answer]:
        if self._returns(location) or self._is_denied(blocks):
            return
        if tried := location.first("try_files"):
            yield from self._named(tried.arguments[-1])
            return
        if passed := location.first("proxy_pass"):
            target = self._variables.expand(passed.arguments[0])
            match = re.match(r"(\w+)://([^/?$]+)", target)
            if not match:
                raise Unclear(f"proxy_pass {passed.arguments[0]} is not followed")
            as_sent = (
                re.fullmatch(r"\w+://[^/?]+?(\$request_uri)?", passed.arguments[0]) is not None
            )
            for server in self._servers(match[2]):
                yield Answer(f"{match[1]}://{server}", blocks, as_sent)

    def _named(self, name: str) -> Iterator[Answer]:
        for one in self._server.each("location"):
            if one.arguments == (name,):
                yield from self._within(one, (self._http, self._server, one))
                return
        if not name.startswith("="):
            raise Unclear(f"try_files {name} is not followed")

    def _servers(self, name: str) -> Iterator[str]:
        found = [one for one in self._upstreams if one.arguments[0].lower() == name.lower()]
        for upstream in found:
            yield from (one.arguments[0] for one in upstream.each("server"))
        if not found:
            yield name

    def _returns(self, block: Directive) -> bool:
        """Run the directives of the module rewrite; whether the request is answered by them."""
        for one in block.block or ():
            if one.name == "return":
                return True
            if one.name == "break":
                return False
            if one.name == "set":
                self._variables.set(one.arguments[0].lstrip("$"), one.arguments[1])
            elif one.name == "if" and self._variables.holds(one.arguments) and self._returns(one):
                return True
        return False

    def _is_denied(self, blocks: tuple[Directive, ...]) -> bool:
        for limit in blocks[-1].each("limit_except"):
            methods = {name.upper() for name in limit.arguments}
            methods |= {"HEAD"} if "GET" in methods else set()
            if self._request.method not in methods and _denies(limit):
                return True
        for block in reversed(blocks):
            if any(block.each("allow", "deny")):
                return _denies(block)
        return False


def _denies(block: Directive) -> bool:
    """Whether nobody is let in, as far as addresses go."""
    rules = [one.name for one in block.each("allow", "deny")]
    return bool(rules) and rules[0] == "deny" and block.first("deny") == Directive("deny", ("all",))
