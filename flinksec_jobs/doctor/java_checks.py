# SPDX-License-Identifier: Apache-2.0
"""The Java that a job would get, and what is in it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

from flinksec_jobs.doctor.checks import Answer, Check
from flinksec_jobs.doctor.patient import Patient, connector_jars
from flinksec_jobs.findings import Where, problem
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import KERBEROS_MODULES, find_java

_NO_JAVA = problem("java-unusable", "no Java was found that can run Flink with Kerberos")
_NO_JARS = problem("jars-unusable", "a jar is missing, or is not the one that was locked")
_NO_JVM = problem("jvm-does-not-start", "the JVM of a job does not start")
_LACKS = problem("java-lacks", "the JVM lacks what Kerberos, TLS or sealed state need")
# Classes of the JDK by what is asked of them: the method, what for.
_AES_KEY_BITS = 256
_CIPHERS = ("AES/GCM/NoPadding", "AESWrap")
_PROTOCOL, _MECHANISM = "TLSv1.3", "GSSAPI"


def java(patient: Patient) -> Iterator[Check]:
    """Yield whether there is a Java, whether its JVM starts, and what it can do."""
    yield Check("java-python", "Python and PyFlink", _python, _NO_JVM)
    yield Check("java-found", "Java", _found, _NO_JAVA)
    yield Check("java-jars", "jars", partial(_jars, patient), _NO_JARS)
    yield Check("java-jvm", "the JVM of a job", partial(_jvm, patient), _NO_JVM,
                after=("java-found", "java-jars"))  # fmt: skip
    yield Check("java-modules", "modules of the JVM", partial(_modules, patient), _LACKS,
                after=("java-jvm",))  # fmt: skip
    yield Check("java-crypto", "cryptography of the JVM", partial(_crypto, patient), _LACKS,
                after=("java-jvm",))  # fmt: skip


def _python() -> Answer:
    return Answer(f"Python {platform.python_version()}, PyFlink {version('apache-flink')}")


def _found() -> Answer:
    found = find_java()
    return Answer(f"Java {found.version} in {found.home}")


def _jars(patient: Patient) -> Answer:
    jars = connector_jars(patient.settings)
    own = ("flinksec-gateway", "flinksec-logging", "flinksec-sealed-state")
    jars += [artifacts.own_jar(name) for name in own]
    if patient.settings.hdfs:
        jars += [*artifacts.jars("hadoop-client"), artifacts.own_jar("flinksec-hadoop")]
    return Answer(f"{len(jars)}, all as they should be")


def _jvm(patient: Patient) -> Answer:
    system = patient.jvm().java.lang.System
    name, made = system.getProperty("java.vm.name"), system.getProperty("java.runtime.version")
    return Answer(f"{name} {made}, its log is {patient.log_file}")


def _modules(patient: Patient) -> Answer:
    layer = patient.jvm().java.lang.ModuleLayer.boot()
    wanted = KERBEROS_MODULES if patient.settings.kerberos_sections else ()
    missing = [name for name in wanted if not layer.findModule(name).isPresent()]
    return Answer(", ".join(wanted), [_lack(f"the module {name}") for name in missing])


def _crypto(patient: Patient) -> Answer:
    view = patient.jvm()
    lacking = []
    if view.javax.crypto.Cipher.getMaxAllowedKeyLength("AES") < _AES_KEY_BITS:
        lacking.append(f"AES with keys of {_AES_KEY_BITS} bits")
    present = set(view.java.security.Security.getAlgorithms("Cipher"))
    lacking += [name for name in _CIPHERS if not _is_offered(name, present)]
    context = view.javax.net.ssl.SSLContext.getDefault()
    if _PROTOCOL not in list(context.getSupportedSSLParameters().getProtocols()):
        lacking.append(_PROTOCOL)
    if patient.settings.kerberos_sections and _MECHANISM not in _sasl_mechanisms(view):
        lacking.append(f"the SASL mechanism {_MECHANISM}")
    return Answer(f"AES-{_AES_KEY_BITS}, {_PROTOCOL}", [_lack(name) for name in lacking])


def _is_offered(cipher: str, algorithms: set[str]) -> bool:
    wanted = cipher.upper()
    return any(wanted.startswith(name.upper()) for name in algorithms)


def _sasl_mechanisms(view: Any) -> set[str]:
    offered = view.java.security.Security.getAlgorithms("SaslClientFactory")
    return {str(name).upper() for name in offered}


def _lack(what: str) -> Any:
    return _LACKS.at(
        Where(object=str(find_java().executable)),
        f"it lacks {what}",
        fix="use another Java 17: set JAVA_HOME, or pip install 'flinksec-jobs[jre]'",
    )
