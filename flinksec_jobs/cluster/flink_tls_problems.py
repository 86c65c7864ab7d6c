# SPDX-License-Identifier: Apache-2.0
"""TLS and logins in a Flink configuration: what looks safe and is not.

Found in Flink 2.2.1: it starts with every one of them, most without a word in the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.cluster.flink_conf_values import Options, is_true, key_of, text
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.settings.cluster_tls import CIPHER_SUITES
from flinksec_jobs.settings.passthrough import TLS_PLANES

_SSL_ENABLED_IS_NO_OPTION = problem(
    "ssl-enabled-is-no-option", "an option that Flink 2 does not know, so that nothing is encrypted"
)
_INTERNAL_TLS_OFF = problem("internal-tls-off", "Flink's processes talk to each other without TLS")
_REST_TLS_OFF = problem("rest-tls-off", "the REST port has no TLS")
_PLANE_WITHOUT_TLS = problem(
    "plane-without-tls", "an option takes TLS away from some of the traffic within a cluster"
)
_REST_AUTHENTICATION_WITHOUT_TRUSTSTORE = problem(
    "rest-authentication-without-truststore", "the REST port asks nobody for a certificate"
)
_STORE_MISSING = problem("store-missing", "a key store or trust store of TLS is not named")
_REST_WITHOUT_AUTHENTICATION = problem(
    "rest-without-authentication", "whoever reaches the REST port may stop the job"
)
_PROTOCOL_LIST = problem("protocol-list", "a list of TLS versions, where Flink takes one")
_WEAK_PROTOCOL = problem("weak-protocol", "a version of TLS that is not safe today")
_ALGORITHMS_MISSING = problem("algorithms-missing", "the cipher suites are left to Flink's default")
_WEAK_ALGORITHM = problem("weak-algorithm", "a cipher suite that is not safe today")
_ALGORITHMS_OF_ANOTHER_PROTOCOL = problem(
    "algorithms-of-another-protocol", "a cipher suite that the version of TLS does not have"
)
_TICKET_CACHE_BESIDE_KEYTAB = problem(
    "ticket-cache-beside-keytab", "someone else's ticket may be used"
)
_HALF_A_LOGIN = problem(
    "half-a-login", "a keytab without a principal, or a principal without a keytab"
)

_KNOWN_SUITES = {suite: version for version, names in CIPHER_SUITES.items() for suite in names}


def tls_problems(config: Options) -> Iterator[Finding]:
    """Yield what is wrong with TLS between Flink's processes and at its REST port."""
    yield from _no_op(config)
    yield from _off(config)
    yield from _stores(config)
    yield from _protocol(config)


def _no_op(config: Options) -> Iterator[Finding]:
    if "security.ssl.enabled" in config:
        yield _SSL_ENABLED_IS_NO_OPTION.at(
            Where(field="security.ssl.enabled"),
            "Flink 2 does not know it: all traffic stays in clear",
            fix="use security.ssl.internal.enabled and security.ssl.rest.enabled",
        )


def _off(config: Options) -> Iterator[Finding]:
    for kind, what in (("internal", "between Flink's processes"), ("rest", "of the REST port")):
        if not is_true(config, f"security.ssl.{kind}.enabled"):
            yield (_INTERNAL_TLS_OFF if kind == "internal" else _REST_TLS_OFF).at(
                Where(field=f"security.ssl.{kind}.enabled"),
                f"is not true, so the traffic {what} is in clear and open to anyone",
                fix="set it to true, with a key store and a trust store",
            )
    if is_true(config, "security.ssl.internal.enabled"):
        for plane, what in TLS_PLANES.items():
            key = key_of(config, plane)
            if not is_true(config, key, default=True):
                yield _PLANE_WITHOUT_TLS.at(
                    Where(field=key), f"takes TLS away from {what}", fix="remove it"
                )


def _stores(config: Options) -> Iterator[Finding]:
    for kind in ("internal", "rest"):
        if not is_true(config, f"security.ssl.{kind}.enabled"):
            continue
        for store in ("keystore", "truststore"):
            key = f"security.ssl.{kind}.{store}"
            if text(config, key) or text(config, f"security.ssl.{store}"):
                continue
            authenticated = is_true(config, "security.ssl.rest.authentication-enabled")
            if (kind, store, authenticated) == ("rest", "truststore", True):
                yield _REST_AUTHENTICATION_WITHOUT_TRUSTSTORE.at(
                    Where(field="security.ssl.rest.authentication-enabled"),
                    "is true without a REST truststore: Flink then asks nobody for a certificate",
                    fix=f"set {key}",
                )
            elif (kind, store) != ("rest", "truststore"):
                yield _STORE_MISSING.at(Where(field=key), "is missing", fix="name the PKCS#12 file")
    if is_true(config, "security.ssl.rest.enabled") and not is_true(
        config, "security.ssl.rest.authentication-enabled"
    ):
        yield _REST_WITHOUT_AUTHENTICATION.at(
            Where(field="security.ssl.rest.authentication-enabled"),
            "is not true, so whoever reaches the REST port may stop the job",
            fix="set it to true, with security.ssl.rest.truststore",
        )


def _protocol(config: Options) -> Iterator[Finding]:
    if not any(is_true(config, f"security.ssl.{kind}.enabled") for kind in ("internal", "rest")):
        return
    protocol = text(config, "security.ssl.protocol") or "TLSv1.2"
    if "," in protocol:
        yield _PROTOCOL_LIST.at(
            Where(field="security.ssl.protocol"),
            "is a list, which breaks the configuration of Flink's RPC",
            fix="name one: TLSv1.3",
        )
        return
    if protocol not in CIPHER_SUITES:
        yield _WEAK_PROTOCOL.at(
            Where(field="security.ssl.protocol"),
            "is not a version of TLS that is safe today",
            fix="set it to TLSv1.3, or to TLSv1.2",
        )
    yield from _suites(config, protocol)


def _suites(config: Options, protocol: str) -> Iterator[Finding]:
    key = "security.ssl.algorithms"
    suites = [suite.strip() for suite in text(config, key).split(",") if suite.strip()]
    fix = f"set it to {','.join(CIPHER_SUITES.get(protocol, CIPHER_SUITES['TLSv1.3'])[:2])}"
    if not suites:
        why = "is missing: the default depends on the release of Flink, and fits RSA keys only"
        yield _ALGORITHMS_MISSING.at(Where(field=key), why, fix=fix)
    for suite in suites:
        if suite not in _KNOWN_SUITES:
            why = f"names {suite}, which lacks forward secrecy or authenticated encryption"
            yield _WEAK_ALGORITHM.at(Where(field=key), why, fix=fix)
        elif protocol in CIPHER_SUITES and _KNOWN_SUITES[suite] != protocol:
            why = f"names {suite}, which {protocol} does not have: no connection comes about"
            yield _ALGORITHMS_OF_ANOTHER_PROTOCOL.at(Where(field=key), why, fix=fix)


def login_problems(config: Options) -> Iterator[Finding]:
    """Yield what is wrong with the login to Kerberos."""
    prefix = "security.kerberos.login"
    keytab, principal = text(config, f"{prefix}.keytab"), text(config, f"{prefix}.principal")
    if keytab and is_true(config, f"{prefix}.use-ticket-cache", default=True):
        yield _TICKET_CACHE_BESIDE_KEYTAB.at(
            Where(field=f"{prefix}.use-ticket-cache"),
            "is true by default: someone else's ticket in the cache is used as well",
            fix="set it to false",
        )
    if bool(keytab) != bool(principal):
        missing = "principal" if keytab else "keytab"
        yield _HALF_A_LOGIN.at(
            Where(field=f"{prefix}.{missing}"),
            "is missing, and Flink goes on without a login",
            fix="name both, keytab and principal",
        )
