# SPDX-License-Identifier: Apache-2.0
"""By which names an option of Flink or of Kafka, or anyone's, holds a secret."""

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# The substrings by which Flink itself masks a value, and others that mean the same.
_SECRET_PARTS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "api-key",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
    "http-headers",
    "fs.azure.account.key",
    "ssl.keystore.key",
)
_NO_SECRETS_DESPITE_NAME = ("security.delegation.tokens.", "sasl.oauthbearer.token.endpoint.")

# What else variables, files and options of other programs are called.
_ENDS = (
    *(part for part in _SECRET_PARTS if part.isalpha() and part not in {"token", "apikey"}),
    *("passcode", "pwd", "storepass", "keypass", "requirepass", "masterauth", "identitytoken"),
)
_WHOLE = {"credential", "credentials", "passwords"}
_LAST = ("pass", "pw", "psk")
_OTHER_PASSES = {"bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass"}
# nginx: where to, or what of a request, is passed on.
_PASSED_ON = {"proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached"}
_KEYS = _words(
    "api access secret private account encryption encrypt signing sign master shared service "
    "storage auth hmac aes symmetric jwt sas cookie session ssh host crypto deploy admin"
)
_PHRASES = (
    *(re.sub(r"\W", "", part) for part in _SECRET_PARTS if not part.isalpha()),
    *(f"{word}key" for word in _KEYS),
    *("clientkeydata", "connectionstring"),
)
# Looked into: it is a line of options, of which few are secrets.
_LOOKED_INTO = {"jaasconfig", "connectionstring"}
# A name that ends so is about a secret, and its value is none.
_ABOUT = _words(
    "file files filename path paths dir directory location folder url uri urls endpoint host "
    "hostname port address name names ref reference refs id ids type kind class provider "
    "providers alias algorithm alg algorithms format length len size min max ttl expiry "
    "expiration expires expire expired timeout interval period duration lifetime lifespan "
    "validity age seconds minutes hours days ms renew renewal refresh retries enabled enable "
    "disabled required optional policy encoder encoding encryption mode version count limit "
    "ratio header field fields column attribute attributes param parameter parameters prefix "
    "suffix pattern regex prompt label labels description issuer audience audiences scope scopes "
    "claim claims method methods strategy factory impl mapper store backend engine manager "
    "server cluster namespace role rotation cache validation validator checker digits chars "
    "cost source command script env var variable user username login region arn settings config "
    "authentication mechanism mechanisms usage rotate auto change changes history reset "
    "recovery strength rules hint help title message placeholder status state selector index "
    "tokenizer filter window bucket rate budget account keyring vault mount hash hashing hasher "
    "reload watch"
)
_SUMS = {"checksum", "sha", "digest", "fingerprint"}
_TRAILING = _words("value text plain plaintext literal string default encoded b64 base raw")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 256


def holds_secret(key: str) -> bool:
    """Tell whether the value of a Flink or Kafka option with this name is a secret."""
    name = key.lower()
    return not name.startswith(_NO_SECRETS_DESPITE_NAME) and any(
        part in name for part in _SECRET_PARTS
    )


def is_secret_name(name: str) -> bool:
    """Tell whether what stands under this name, in anyone's files, is a secret.

    Words count, not parts of them: ``TOKENIZER`` is no ``token``; and ``PASSWORD_FILE``,
    ``secretName`` or ``token.endpoint.url`` say where one is.
    """
    if name.lower().startswith(_NO_SECRETS_DESPITE_NAME):
        return False
    words = [word.lower() for word in _WORD.findall(name[-_LONGEST:])]
    while words and (words[-1].isdigit() or words[-1] in _TRAILING):
        words.pop()
    compact = "".join(words)
    if not words or not _SUMS.isdisjoint(words) or compact.endswith(tuple(_LOOKED_INTO)):
        return False
    if words[-1].endswith(_LAST) and words[-1] not in _OTHER_PASSES:
        return len(words) == 1 or words[-2] not in _PASSED_ON
    if compact.endswith(_PHRASES) or "fs.azure.account.key" in name.lower():
        return True
    return words[-1] not in _ABOUT and (
        any(word in _WHOLE or word.endswith(_ENDS) for word in words)
        or any(word.endswith(("token", "apikey")) for word in words[-2:])
    )
