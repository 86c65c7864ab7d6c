# SPDX-License-Identifier: Apache-2.0
"""Whether a value is the secret itself, or says where it is."""

from __future__ import annotations

import re

from flinksec_jobs.manifests.kube.objects import words

# Of a shell, Kubernetes, Kafka's and Spring's configuration, Helm, Python, Ansible, Windows.
REFERENCE = re.compile(
    r"\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([^()\n]*+\)|\$[A-Za-z_]\w*+|\$\d\b"
    r"|%\(\w++\)s|%[A-Z_]{2,}%|`[^`\n]*+`|<%[^%\n]*+%>|@[A-Z_]{3,}@|__[A-Z_]{3,}__"
)
_WITH_DEFAULT = re.compile(r"\$\{([\w.-]+)(:[-=]?)([^{}\n]*)\}")
# Those of Kafka's and Strimzi's configuration providers, Spring, Log4j, and the like.
_PROVIDERS = words(
    "file env dir directory vault secret secrets secretmanager configmaps config sys aws gcp azure "
    "azurekv ssm sm kv sops op main ctx java k8s kubernetes base64 dirvault envvar"
)
_ELSEWHERE = re.compile(
    r"(?i)(?:vault|awssm|gcpsm|azkv|op|gsm|ssm|ref\+\w+|secret|sm|arn|keyvault|akv):\S+"
    r"|ENC\(.*\)|ENC\[AES.*|\{cipher\}.*|\{\w*crypt\w*\}.*|pass:\$.*|env:\w+|file:.*|classpath:.*"
)
_NOTHING = words(
    "true false yes no on off none null nil ~ undefined string str text bytes varchar object "
    "boolean int integer optional required enabled disabled default auto bearer basic "
    "password: value: redacted masked omitted hidden"
)
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\[[\w .-]*\]|[*x.#_?-]{3,}|(?i:x{3,}|to-?do|"
    r"(?:change|replace)[-_ ](?:me|this|it).*|replace.?with.*|(?:enter|insert|put)[-_ ]\w.*|"
    r"(?:your|my)[-_ ].*(?:password|passwd|secret|token|key|here).*|.*[-_ ]goes[-_ ]here.*)"
)
_FILE = re.compile(
    r"(?i)[\w.$@{}()/\\:~-]*\.(?:txt|properties|conf|cfg|ini|toml|pem|key|crt|cer|jks|p12|pfx|jceks"
    r"|bcfks|xml|json|ya?ml|keytab|env|pw|passwd|password|secret|token|sh|py|jar|keystore|truststore)"
)
_PATH = re.compile(r"(?:[A-Za-z]:)?[~.]{0,2}[/\\]?[\w.@:+=-]+(?:[/\\][\w.@:+=-]+)+[/\\]?")
_CLASS = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)+\.[A-Z]\w*(?:\$\w+)?")
_URL = re.compile(r"[a-zA-Z][\w+.-]*:(?://)?(?P<rest>\S*)")
_TIME = re.compile(r"(?i)\d+\s*(?:ms|s|m|min|h|d|sec|seconds|minutes|hours|days|kb|mb|gb)")
_EXPRESSION = re.compile(
    r"[A-Za-z_][\w.]*(?:\([^()]*\)?|\[.*)|(?:os|self|this|env|process|config|settings|request"
    r"|args|secrets|vars|var|local|data|values|params|options|props|opts|cfg)\.[A-Za-z_][\w.]*"
)
# A secret key of AWS has slashes.
_AWS = re.compile(r"[A-Za-z0-9+/]{40}")
_CASES = (str.islower, str.isupper, str.isdigit)
_SHORTEST, _RANDOM = 2, 12


def is_literal(value: str) -> bool:
    """Tell whether a value that is named as a secret is one.

    No secrets: nothing, a switch, a variable, a template, the name of a provider and of a key in
    it, the path of a file, an address, a class, a time, a placeholder, what is encrypted.
    """
    value = value.strip().strip("\"'").strip()
    if value.lower() in _NOTHING or len(value) < _SHORTEST or value.startswith(("$(", "`")):
        return False
    if any(default_is_literal(match) for match in _WITH_DEFAULT.finditer(value)):
        return True
    whole = (_ELSEWHERE, _PLACEHOLDER, _CLASS, _TIME, _EXPRESSION)
    if REFERENCE.search(value) or any(one.fullmatch(value) for one in whole):
        return False
    return not (_is_address(value) or _is_path(value))


def default_is_literal(match: re.Match[str]) -> bool:
    """Tell whether ``${NAME:-default}`` brings the secret with it."""
    name, sign, default = match.groups()
    if sign == ":" and name.lower() in _PROVIDERS:
        return False
    if sign == ":" and ("/" in default or ":" in default) and name.islower() and "." not in name:
        return False  # a provider that nobody has listed
    return bool(default.strip("\"' ?")) and not default.startswith("?") and is_literal(default)


def _is_address(value: str) -> bool:
    match = _URL.fullmatch(value)
    return bool(match and "://" in value and "@" not in match["rest"].partition("/")[0])


def _is_path(value: str) -> bool:
    if _FILE.fullmatch(value):
        return True
    if not _PATH.fullmatch(value):
        return False
    if _AWS.fullmatch(value) and all(any(map(one, value)) for one in _CASES):
        return False
    segments = [segment for segment in re.split(r"[/\\]", value) if segment]
    if any(_is_random(segment) for segment in segments):
        return False
    anchored = value.startswith(("/", "./", "../", "~/")) or value[1:2] == ":"
    return len(segments) >= (2 if anchored else 3)


def _is_random(segment: str) -> bool:
    mixed = all(any(map(kind, segment)) for kind in _CASES)
    return len(segment) >= _RANDOM and (mixed or "+" in segment or "=" in segment)
