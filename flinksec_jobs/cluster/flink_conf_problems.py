# SPDX-License-Identifier: Apache-2.0
"""The combinations of Flink options that look safe and are not; each has a name.

They were found in Flink 2.2.1: it starts with every one of them, most without a word in the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from flinksec_jobs.cluster.flink_state_problems import state_problems
from flinksec_jobs.cluster.problem import ConfigProblem, Options
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import java_options
from flinksec_jobs.settings.cluster import CIPHER_SUITES
from flinksec_jobs.settings.flink_options import flink_options, names, of_class, options_set_by
from flinksec_jobs.settings.passthrough import TLS_PLANES
from flinksec_jobs.settings.secret_names import holds_secret

_PORTS = ("blob.server.port", "taskmanager.rpc.port", "taskmanager.data.port")
_PORT_WITH_ZOOKEEPER = "high-availability.jobmanager.port"
_ENVIRONMENT = ("containerized.master.env.", "containerized.taskmanager.env.")
_KNOWN_SUITES = {suite: version for version, names in CIPHER_SUITES.items() for suite in names}
BEAM_FACTORY = "org.apache.beam.runners.fnexecution.control.DefaultJobBundleFactory"


def problems(config: Options) -> list[ConfigProblem]:
    """Return what is wrong with a complete configuration, as it lies in a ConfigMap.

    Args:
        config: the options by their full names (`flink_conf.read_yaml`, `from_mapping`).
            Values may be texts, as in YAML, or of their own types.
    """
    return [found for rule in _RULES for found in rule(config)]


def refuse(found: Collection[ConfigProblem], where: object, verdict: str = "is not safe") -> None:
    """Raise if there are problems.

    Args:
        found: the problems.
        where: the file.
        verdict: what they make of it.

    Raises:
        SettingsError: lists all of them.
    """
    if found:
        listed = "".join(f"\n  {problem}" for problem in found)
        raise SettingsError(
            f"the Flink configuration of {where} {verdict}:{listed}",
            hint="`flinksec cluster conf` prints one that is; what [flink] says goes into it",
        )


def logging_problems(properties: str) -> list[ConfigProblem]:
    """Return what is wrong with the text of a ``log4j-console.properties``."""
    values: dict[str, str] = dict(
        re.findall(r"^\s*([\w.-]+)\s*[=:]\s*(.*?)\s*$", properties, re.MULTILINE)
    )
    names = [key[: -len(".name")] for key, value in values.items() if value == BEAM_FACTORY]
    levels = [str(values.get(f"{name}.level")).upper() for name in names]
    root: str = values.get("rootLogger.level") or values.get("rootLogger") or "INFO"
    quiet = ("WARN", "ERROR", "FATAL", "OFF")
    if any(level in quiet for level in levels) or (not levels and root.upper() in quiet):
        return []
    return [
        ConfigProblem(
            "beam-logs-the-environment",
            BEAM_FACTORY,
            "at INFO it writes every environment variable into the log",
            f"Write: logger.beam.name = {BEAM_FACTORY} and logger.beam.level = WARN.",
        )
    ]


def _is(config: Options, key: str, default: bool = False) -> bool:
    return str(config.get(key, default)).strip().lower() == "true"


def _text(config: Options, key: str) -> str:
    return str(config.get(key, "")).strip()


def _key(config: Options, name: str) -> str:
    """The key that gives an option its value: its name, or an old one that stands alone."""
    return next((key for key in names(flink_options()[name]) if key in config), name)


def _no_op(config: Options) -> Iterator[ConfigProblem]:
    if "security.ssl.enabled" in config:
        yield ConfigProblem(
            "ssl-enabled-is-no-option",
            "security.ssl.enabled",
            "Flink 2 does not know it: all traffic stays in clear",
            "Use security.ssl.internal.enabled and security.ssl.rest.enabled.",
        )


def _off(config: Options) -> Iterator[ConfigProblem]:
    for kind, what in (("internal", "between Flink's processes"), ("rest", "of the REST port")):
        if not _is(config, f"security.ssl.{kind}.enabled"):
            yield ConfigProblem(
                f"{kind}-tls-off",
                f"security.ssl.{kind}.enabled",
                f"is not true, so the traffic {what} is in clear and open to anyone",
                "Set it to true, with a key store and a trust store.",
            )
    if _is(config, "security.ssl.internal.enabled"):
        for plane, what in TLS_PLANES.items():
            key = _key(config, plane)
            if not _is(config, key, default=True):
                yield ConfigProblem(
                    "plane-without-tls", key, f"takes TLS away from {what}", "Remove it."
                )


def _stores(config: Options) -> Iterator[ConfigProblem]:
    for kind in ("internal", "rest"):
        if not _is(config, f"security.ssl.{kind}.enabled"):
            continue
        for store in ("keystore", "truststore"):
            key = f"security.ssl.{kind}.{store}"
            if _text(config, key) or _text(config, f"security.ssl.{store}"):
                continue
            authenticated = _is(config, "security.ssl.rest.authentication-enabled")
            if (kind, store, authenticated) == ("rest", "truststore", True):
                yield ConfigProblem(
                    "rest-authentication-without-truststore",
                    "security.ssl.rest.authentication-enabled",
                    "is true without a REST truststore: Flink then asks nobody for a certificate",
                    f"Set {key}.",
                )
            elif (kind, store) != ("rest", "truststore"):
                yield ConfigProblem("store-missing", key, "is missing", "Name the PKCS#12 file.")
    if _is(config, "security.ssl.rest.enabled") and not _is(
        config, "security.ssl.rest.authentication-enabled"
    ):
        yield ConfigProblem(
            "rest-without-authentication",
            "security.ssl.rest.authentication-enabled",
            "is not true, so whoever reaches the REST port may stop the job",
            "Set it to true, with security.ssl.rest.truststore.",
        )


def _protocol(config: Options) -> Iterator[ConfigProblem]:
    if not any(_is(config, f"security.ssl.{kind}.enabled") for kind in ("internal", "rest")):
        return
    protocol = _text(config, "security.ssl.protocol") or "TLSv1.2"
    if "," in protocol:
        yield ConfigProblem(
            "protocol-list",
            "security.ssl.protocol",
            "is a list, which breaks the configuration of Flink's RPC",
            "Name one: TLSv1.3.",
        )
        return
    if protocol not in CIPHER_SUITES:
        yield ConfigProblem(
            "weak-protocol",
            "security.ssl.protocol",
            "is no version of TLS that is safe today",
            "Set it to TLSv1.3, or to TLSv1.2.",
        )
    yield from _suites(config, protocol)


def _suites(config: Options, protocol: str) -> Iterator[ConfigProblem]:
    key = "security.ssl.algorithms"
    suites = [suite.strip() for suite in _text(config, key).split(",") if suite.strip()]
    fix = f"Set it to {','.join(CIPHER_SUITES.get(protocol, CIPHER_SUITES['TLSv1.3'])[:2])}."
    if not suites:
        why = "is missing: the default depends on the release of Flink, and fits RSA keys only"
        yield ConfigProblem("algorithms-missing", key, why, fix)
    for suite in suites:
        if suite not in _KNOWN_SUITES:
            why = f"names {suite}, which lacks forward secrecy or authenticated encryption"
            yield ConfigProblem("weak-algorithm", key, why, fix)
        elif protocol in CIPHER_SUITES and _KNOWN_SUITES[suite] != protocol:
            why = f"names {suite}, which {protocol} does not have: no connection comes about"
            yield ConfigProblem("algorithms-of-another-protocol", key, why, fix)


def _login(config: Options) -> Iterator[ConfigProblem]:
    prefix = "security.kerberos.login"
    keytab, principal = _text(config, f"{prefix}.keytab"), _text(config, f"{prefix}.principal")
    if keytab and _is(config, f"{prefix}.use-ticket-cache", default=True):
        yield ConfigProblem(
            "ticket-cache-beside-keytab",
            f"{prefix}.use-ticket-cache",
            "is true by default: a ticket of someone else's that lies about is used as well",
            "Set it to false.",
        )
    if bool(keytab) != bool(principal):
        missing = "principal" if keytab else "keytab"
        yield ConfigProblem(
            "half-a-login",
            f"{prefix}.{missing}",
            "is missing, and Flink goes on without a login",
            "Name both, keytab and principal.",
        )


def _secrets(config: Options) -> Iterator[ConfigProblem]:
    for key, value in config.items():
        in_environment = key.startswith(_ENVIRONMENT) or key == "kubernetes.env.secretKeyRef"
        if key == "kubernetes.env.secretKeyRef" or (in_environment and holds_secret(key)):
            yield ConfigProblem(
                "secret-in-environment",
                key,
                "puts a secret into the environment, which Flink writes into its logs",
                "Mount it as a file.",
            )
        elif holds_secret(key) and str(value):
            yield ConfigProblem(
                "secret-in-configuration",
                key,
                "holds a secret, and this file is open to all who may read ConfigMaps",
                "Remove it: `flinksec cluster` adds passwords from their files at start.",
            )


def _open(config: Options) -> Iterator[ConfigProblem]:
    submit = _key(config, "web.submit.enable")
    if _is(config, submit):
        yield ConfigProblem(
            "web-submit",
            submit,
            "lets whoever reaches the REST port run programs",
            "Set it to false.",
        )
    zookeeper = _text(config, "high-availability.type").lower() == "zookeeper"
    for key in (*_PORTS, *((_PORT_WITH_ZOOKEEPER,) if zookeeper else ())):
        if _text(config, key) in {"", "0"}:
            yield ConfigProblem(
                "random-port", key, "is chosen at random, so no NetworkPolicy fits", "Pin it."
            )


def _java(config: Options) -> Iterator[ConfigProblem]:
    given = _text(config, "env.java.opts.all") + _text(config, "env.java.default-opts.all")
    if "--add-opens=java.base/java.util=ALL-UNNAMED" not in given:
        yield ConfigProblem(
            "add-opens-lost",
            "env.java.opts.all",
            "lacks the --add-opens of Flink's own config.yaml; Python jobs die on Java 17",
            "Take over its value from the distribution, and add to it.",
        )


def _arguments(config: Options) -> Iterator[ConfigProblem]:
    for option in of_class("java"):
        given = _text(config, _key(config, option.name))
        for argument, why in java_options.problems(given, own=_own_arguments(config, given)):
            is_secret = "command line" in why
            yield ConfigProblem(
                "secret-on-the-command-line" if is_secret else "unsafe-java-argument",
                option.name,
                f"gives Java {argument}, which {why}",
                "Remove it, and name a file." if is_secret else "Remove it.",
            )


def _own_arguments(config: Options, given: str) -> list[str]:
    """What this library gives Java itself, as far as it agrees with the rest."""
    return [
        f"-Djava.io.tmpdir={_text(config, 'io.tmp.dirs')}",
        *re.findall(r"-Djava\.security\.krb5\.conf=[^\s'\"]+", given)[:1],
    ]


def _doors(config: Options) -> Iterator[ConfigProblem]:
    for key, value in config.items():
        for option in options_set_by(key):
            if option.kind == "reporter" and "JMXReporter" in str(value):
                yield ConfigProblem(
                    "management-port",
                    key,
                    "opens a port of management without a password",
                    "Use another reporter.",
                )
    for key in ("jmx.server.port", "queryable-state.enable"):
        if _text(config, key).lower() not in {"", "false"}:
            yield ConfigProblem(
                "management-port", key, "opens a port without a password", "Remove it."
            )


_Rule = Callable[[Options], Iterator[ConfigProblem]]
_RULES: tuple[_Rule, ...] = (
    _no_op,
    _off,
    _stores,
    _protocol,
    _login,
    state_problems,
    _secrets,
    _open,
    _java,
    _arguments,
    _doors,
)
