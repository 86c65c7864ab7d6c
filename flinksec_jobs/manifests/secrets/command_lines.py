# SPDX-License-Identifier: Apache-2.0
"""Secrets among the words of a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from flinksec_jobs.manifests.secrets.literals import REFERENCE, is_literal
from flinksec_jobs.settings.secret_names import is_secret_name

# Programs, and their options without a name for a password.
_SHORT = {
    "mysql": "-p", "mysqldump": "-p", "mysqladmin": "-p", "mariadb": "-p", "mongo": "-p",
    "mongosh": "-p", "mongodump": "-p", "sqlcmd": "-P", "sshpass": "-p", "ldapsearch": "-w",
    "ldapmodify": "-w", "ldapadd": "-w", "ldapwhoami": "-w", "redis-cli": "-a", "smbclient": "-P",
    "beeline": "-p", "docker": "-p", "podman": "-p", "helm": "-p", "cypher-shell": "-p",
    "mosquitto_pub": "-P", "mosquitto_sub": "-P", "bcp": "-P", "nodetool": "-pw",
    "rabbitmqadmin": "-p",
}  # fmt: skip
_WITH_USER = {
    "-u", "--user", "--proxy-user", "-U", "--userpass", "--auth", "--creds", "--src-creds",
}  # fmt: skip
_HEADER = {"-H", "--header"}
_LONGEST = 64
_LOGIN = {"docker", "podman", "helm"}
_PORT = re.compile(r"\d{1,5}(?:/|$)")
_OPENSSL = ("pass:",)


def named_in_words(words: Sequence[str]) -> Iterator[str]:
    """Yield the options that have a secret for a value: in one word with it, or before it."""
    plain = [word.strip("\"'`;,") for word in words]
    short = {
        option
        for word in plain
        if (option := _SHORT.get(PurePosixPath(word).name)) and len(word) < _LONGEST
    }
    if plain[:1] and not _LOGIN.isdisjoint(plain) and "login" not in plain:
        short.discard("-p")  # docker run -p 8080:80
    is_curl = "curl" in plain
    for index, word in enumerate(plain):
        following = plain[index + 1] if index + 1 < len(plain) else ""
        name, sign, value = word.lstrip("-").partition("=")
        is_option = word.startswith("-")
        if sign and is_option:
            if is_secret_name(name.removeprefix("D")) and is_literal(value):
                yield _shown(name)
        elif is_option and is_secret_name(name) and _is_value(following):
            yield _shown(name)
        if word in short and _is_value(following):
            yield word
        elif any(word.startswith(one) and is_literal(word[len(one) :]) for one in short):
            yield word[:2]
        user = following if word in _WITH_USER else value if name in {"user", "proxy-user"} else ""
        if is_option and _has_password(user):
            yield word.partition("=")[0]
        if is_curl and word[:2] == "-u" and _has_password(word[2:]):
            yield "-u"
        header = plain[index - 1] in _HEADER if index else False
        if header and word.endswith(":") and is_secret_name(word[:-1]) and _is_value(following):
            yield _shown(word[:-1])
        if word.startswith(_OPENSSL) and is_literal(word.partition(":")[2]):
            yield "pass:"


def _is_value(following: str) -> bool:
    return not following.startswith("-") and is_literal(following)


def _has_password(user: str) -> bool:
    plain = REFERENCE.sub("$X", user)
    name, sign, password = plain.partition(":")
    if not sign or not name or "/" in name or (name.isdigit() and password.isdigit()):
        return False  # 10001:0 is a user and a group
    if _PORT.match(password) and ("." in name or not password.isdigit()):
        return False
    return is_literal(password)


def _shown(name: str) -> str:
    return name[:80]
