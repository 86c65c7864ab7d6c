# SPDX-License-Identifier: Apache-2.0
"""nginx's variables for one request: its own, those of ``map`` and ``set``, and captures."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import NoReturn, TypeVar

from flinksec_jobs.manifests.flink.nginx.directives import Directive, Unclear

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
# By these a browser says who makes it ask. Whoever asks without one sends what is wanted.
_OF_BROWSERS = {
    *("http_sec_fetch_site", "http_sec_fetch_mode", "http_sec_fetch_dest", "http_sec_fetch_user"),
    *("http_origin", "http_referer"),
}
# These are as the proxy wants them, in a browser too: they say nothing of who asks.
_AS_WANTED = {"host", "http_host", "http_user_agent"}
_MOST_CHOICES = 200
_OF_MAPS = {"include", "hostnames", "volatile"}
_T = TypeVar("_T")
_LONGEST_PATTERN = 1000
_DEEPEST = 20
_SECONDS = 2


@lru_cache(maxsize=1000)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """Return a pattern of PCRE as one of Python; their differences are rare in configurations."""
    if len(pattern) > _LONGEST_PATTERN:
        raise Unclear("a pattern is too long")
    ours = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)
    ours = re.sub(r"\\k[<{'](\w+)[>}']", r"(?P=\1)", ours)
    try:
        return re.compile(ours, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError):
        raise Unclear(f"the pattern {pattern} is not understood") from None


def matches(pattern: str, text: str, *, ignore_case: bool) -> re.Match[str] | None:
    """Search for a pattern.

    Raises:
        Unclear: Python does not understand it, or finds no end.
    """
    with _limited(pattern):
        return _compiled(pattern, ignore_case).search(text)


@contextmanager
def _limited(pattern: str) -> Iterator[None]:
    """Give up a search that tries the same places without end, where signals can tell of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> NoReturn:
        raise Unclear(f"the pattern {pattern} takes too long")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Choices:
    """All that a client can bring about by what it sends: one way after the other.

    At each place where it depends on the client, the first way takes the first outcome. As long as
    `is_open`, the next way takes another one at the last place that has more.
    """

    def __init__(self) -> None:
        self._taken: list[tuple[int, int]] = []
        self._place = 0
        self._ways = 0

    def is_open(self) -> bool:
        """Begin the next way, if there is one.

        Raises:
            Unclear: there are too many.
        """
        self._place = 0
        self._ways += 1
        if self._ways == 1:
            return True
        if self._ways > _MOST_CHOICES:
            raise Unclear("too much depends on what the client sends")
        while self._taken and self._taken[-1][0] + 1 >= self._taken[-1][1]:
            self._taken.pop()
        if self._taken:
            number, count = self._taken[-1]
            self._taken[-1] = (number + 1, count)
        return bool(self._taken)

    def one_of(self, outcomes: Sequence[_T]) -> _T:
        """Take the outcome of this way."""
        if self._place == len(self._taken):
            self._taken.append((0, len(outcomes)))
        number, _ = self._taken[self._place]
        self._place += 1
        return outcomes[number]


class Variables:
    """The values for a request.

    Args:
        http: the block with the maps.
        path: of the request, as it was sent.
        uri: the path as nginx compares it.
        method: of the request.
        choices: what the client does where that depends on it.
    """

    def __init__(self, http: Directive, path: str, uri: str, method: str, choices: Choices) -> None:
        self._choices = choices
        self._free = _AS_WANTED | _OF_BROWSERS
        self._maps = {one.arguments[1].lstrip("$"): one for one in http.each("map")}
        self._depth = 0
        query = path.partition("?")[2]
        self._values = {
            "request_uri": path,
            "uri": uri,
            "document_uri": uri,
            "request_method": method,
            "args": query,
            "query_string": query,
            "is_args": "?" if query else "",
            "host": "flink.example.com",
            "http_host": "flink.example.com",
            "scheme": "https",
            "remote_user": "reader",
            "https": "on",
            "server_port": "443",
        }

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Name what a browser sent; what it did not send of the kind is not there."""
        if headers:
            self._free = self._free - _OF_BROWSERS
        for name, value in headers.items():
            self._values[f"http_{name.lower().replace('-', '_')}"] = value

    def set(self, name: str, text: str) -> None:
        """Do what ``set`` does."""
        self._values[name] = self.expand(text)
        if self._is_free(text):
            self._free = self._free | {name}

    def match(self, pattern: str, text: str, ignore_case: bool) -> bool:
        """Search for a pattern, and keep what its groups are."""
        found = matches(pattern, text, ignore_case=ignore_case)
        if found:
            named = {name: value or "" for name, value in found.groupdict().items()}
            numbered = {str(i): value or "" for i, value in enumerate(found.groups(), 1)}
            self._values |= named | numbered
        return found is not None

    def expand(self, text: str) -> str:
        """Put the values of variables into a text.

        Raises:
            Unclear: a variable is not known.
        """
        return _VARIABLE.sub(lambda found: self._value(found[1] or found[2]), text)

    def holds(self, condition: Sequence[str]) -> bool:
        """Whether the condition of an ``if`` is true.

        Raises:
            Unclear: it looks at something else than variables.
        """
        found = self._holds(condition)
        first = " ".join(condition).removeprefix("(").removesuffix(")").split()
        return self._choices.one_of([found, not found]) if self._is_free(first[0]) else found

    def _is_free(self, text: str) -> bool:
        """Whether it is one variable, whose value the client chooses."""
        found = _VARIABLE.fullmatch(text)
        return found is not None and (found[1] or found[2]) in self._free

    def _holds(self, condition: Sequence[str]) -> bool:
        words = " ".join(condition).removeprefix("(").removesuffix(")").strip().split(" ", 2)
        value = self.expand(words[0])
        if not words[0].startswith("$"):
            raise Unclear(f"if ({' '.join(words)}) is not followed")
        if len(words) == 1:
            return value not in {"", "0"}
        operator, other = words[1], words[2] if len(words) > 2 else ""  # noqa: PLR2004
        if operator in {"=", "!="}:
            return (value == self.expand(other)) == (operator == "=")
        if operator.lstrip("!") in {"~", "~*"}:
            found = self.match(other, value, operator.endswith("*"))
            return found != operator.startswith("!")
        raise Unclear(f"if ({' '.join(words)}) is not followed")

    def _value(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        if name in _AS_WANTED | _OF_BROWSERS:
            return ""
        if name not in self._maps:
            raise Unclear(f"the variable ${name} is not known")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unclear(f"the variable ${name} refers to itself")
        value = self._values[name] = self._map(self._maps[name])
        self._depth -= 1
        return value

    def _map(self, block: Directive) -> str:
        """Return what a ``map`` gives: an equal text wins over patterns, and the first of these."""
        source = self.expand(block.arguments[0])
        default, patterns = "", []
        if self._is_free(block.arguments[0]):
            if block.first("include"):
                raise Unclear("include in a map is not followed")
            entries = [one for one in block.block or () if one.name not in _OF_MAPS]
            given = [one.arguments[0] for one in entries if one.arguments]
            if all(one.name != "default" for one in entries):
                given.append("")
            return self.expand(self._choices.one_of(list(dict.fromkeys(given))))
        for one in block.block or ():
            if one.name in _OF_MAPS:
                raise Unclear(f"{one.name} in a map is not followed")
            value = one.arguments[0] if one.arguments else ""
            if one.name == "default":
                default = value
            elif one.name.startswith("~"):
                patterns.append((one.name, value))
            elif one.name.removeprefix("\\").lower() == source.lower():
                return self.expand(value)
        for pattern, value in patterns:
            ignore_case = pattern.startswith("~*")
            if self.match(pattern.removeprefix("~").removeprefix("*"), source, ignore_case):
                return self.expand(value)
        return self.expand(default)
