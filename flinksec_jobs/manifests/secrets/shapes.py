# SPDX-License-Identifier: Apache-2.0
"""Secrets that are known by what they look like, whatever they are called."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from flinksec_jobs.manifests.secrets.binaries import secret_in_bytes
from flinksec_jobs.manifests.secrets.literals import REFERENCE, is_literal

PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d:"
)
_TOKENS = {
    "a key of AWS": r"(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50}",
    "a token of GitLab": r"gl(?:pat|dt|rt|soat|cbt)-[\w-]{20}",
    "a token of Slack": r"xox[abeprs]-[\w-]{10}|xapp-\d-[\w-]{10}",
    "an address that is a key of Slack": r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16}",
    "a key of Google": r"AIza[\w-]{35}|ya29\.[\w-]{20}|GOCSPX-[\w-]{20}",
    "a key of Stripe": r"[sr]k_live_\w{16}",
    "a token of Vault": r"hv[sbr]\.[\w-]{24}",
    "a token of npm": r"npm_[A-Za-z0-9]{36}",
    "a token of PyPI": r"pypi-AgEIcHlwaS5vcmc[\w-]{20}",
    "a key of SendGrid": r"SG\.[\w-]{16,64}\.[\w-]{16}",
    "a token of Docker Hub": r"dckr_pat_[\w-]{20}",
    "a token of Databricks": r"dapi[0-9a-f]{32}",
    "a key of OpenAI or Anthropic": r"sk-(?:proj-|ant-|svcacct-)?[\w-]{30}",
    "a token (JWT)": r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10}",
    "a key of Azure storage": r"AccountKey=[A-Za-z0-9+/]{40}",
    "a password's hash": r"\$(?:apr1|2[abxy]|5|6|y)\$[\w./$=,-]{20}|\{S?SHA\d*\}[A-Za-z0-9+/]{26}",
    "a key of age": r"AGE-SECRET-KEY-1[0-9A-Z]{50}",
}
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(f"(?P<t{index}>{one})" for index, one in enumerate(_TOKENS.values()))
    + ")"
)
_SIGNED = re.compile(r"[?&]sig=[A-Za-z0-9%+/]{30}|X-Amz-Signature=[0-9a-f]{32}")
# User and password before the host; what stands behind the @ of an image is its digest.
_USERINFO = re.compile(r"://([^\s/:@\"'<>\\]{0,128}):(?!\d{1,5}/)([^\s:@\"'\\]{1,256})@(?!sha\d+:)")
_ORACLE = re.compile(r"jdbc:oracle:\w{1,10}:[\w$]{1,64}/([^\s@/\"']{1,128})@")
_AUTHORIZATION = re.compile(r"(?i)\b(?:Basic|Bearer|ApiKey|Token)[ ]+([A-Za-z0-9+/=_.~-]{6,})")
_HEADER = re.compile(r"(?i)authorization")
_ENCODED_PEM = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,120}")
_ENCODED_STORE = re.compile(
    r"(?<![A-Za-z0-9+/])(?:MII|/u3\+7Q|zs7Ozg|BQIAAA)[A-Za-z0-9+/\n\r ]{60,}=*"
)


_REGISTRY = re.compile(r"\"auth\"\s*:\s*\"([A-Za-z0-9+/]{6,}={0,2})\"")
_KEY_TYPE = re.compile(r"\"kty\"\s*:")
_PRIVATE_PART = re.compile(r"\"[dk]\"\s*:\s*\"[\w-]{20,}\"")


def shapes_in(content: str) -> Iterator[str]:
    """Yield what the secrets of a text are, in words."""
    if PRIVATE_KEY.search(content):
        yield "a private key"
    for match in _TOKEN.finditer(content):
        yield list(_TOKENS)[int((match.lastgroup or "t0")[1:])]
    if _SIGNED.search(content):
        yield "a signed address"
    plain = REFERENCE.sub("$X", content)
    if any(is_literal(match[2]) for match in _USERINFO.finditer(plain)):
        yield "an address with a password"
    if any(is_literal(match[1]) for match in _ORACLE.finditer(plain)):
        yield "an address with a password"
    for line in plain.splitlines():
        if _HEADER.search(line) and any(
            is_literal(match[1]) for match in _AUTHORIZATION.finditer(line)
        ):
            yield "an Authorization header"
    yield from _of_json(content)
    for match in _ENCODED_PEM.finditer(content):
        if PRIVATE_KEY.search(decoded(match[0]).decode("latin-1")):
            yield "a private key in base64"
    for match in _ENCODED_STORE.finditer(content):
        if what := secret_in_bytes(decoded(match[0])):
            yield f"{what} in base64"


def _of_json(content: str) -> Iterator[str]:
    if any(b":" in decoded(match[1]) for match in _REGISTRY.finditer(content)):
        yield "the password of a registry"
    if _KEY_TYPE.search(content) and _PRIVATE_PART.search(content):
        yield "a private key (JWK)"


def decoded(encoded: str) -> bytes:
    """Return the bytes of a base64 text, as many as it has whole."""
    plain = re.sub(r"[^A-Za-z0-9+/]", "", encoded)
    try:
        return base64.b64decode(plain[: len(plain) - len(plain) % 4])
    except binascii.Error:
        return b""
