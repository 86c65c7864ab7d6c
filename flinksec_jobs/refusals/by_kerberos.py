# SPDX-License-Identifier: Apache-2.0
"""What the refusals of a KDC, and of Java's Kerberos, mean."""

from __future__ import annotations

from flinksec_jobs.findings import problem
from flinksec_jobs.refusals.cause import Cause

KEY_REFUSED = problem("kerberos-key-refused", "the KDC refuses the key in the keytab")
PRINCIPAL_UNKNOWN = problem("principal-unknown", "the KDC does not know the principal")
CLOCK_SKEW = problem("clock-skew", "the clocks of this machine and the KDC differ too much")
NO_KDC = problem("kdc-not-named", "krb5.conf names no KDC for the realm")
NO_REALM = problem("realm-not-named", "krb5.conf names no default realm")
NOT_LOADED = problem("krb5-conf-not-loaded", "Java cannot read krb5.conf, or a file it includes")
KDC_SILENT = problem("kdc-not-reached", "the KDC does not answer")
SERVICE_UNKNOWN = problem("service-unknown", "the KDC does not know the service")

KEYTAB = (
    "compare principal and keytab with `klist -k`, and export the keytab again if its key is old"
)

# As `jvm.root_cause` words it.
KDC_AWAY = Cause(
    "no KDC answers",
    "kerberos.krb5_conf",
    "check that a KDC that it names for the realm of kerberos.principal ([realms], kdc = …) is up "
    "and can be reached from here",
    KDC_SILENT,
)

_CLOCK = "the clocks of this machine and the KDC differ too much: synchronise them"

TICKETS_ENDED = problem("tickets-ended", "the tickets have ended, and nobody has renewed them")

ENDED = Cause(
    "Failed to find any Kerberos tgt",
    "kerberos.ticket_cache",
    "`kinit` again, and start the job again; a job that outlives tickets needs kerberos.keytab",
    TICKETS_ENDED,
)
KERBEROS = (
    KDC_AWAY,
    ENDED,
    Cause("the tickets are those of", "kerberos.principal", "name the principal of the tickets"),
    Cause("Unable to obtain password", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Unable to obtain Principal Name", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Checksum failed", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    # What a key that does not fit looks like when the KDC asks for no pre-authentication.
    Cause("Identifier doesn't match expected value", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Pre-authentication information was invalid", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Client not found in Kerberos database", "kerberos.principal", KEYTAB, PRINCIPAL_UNKNOWN),
    Cause("Clock skew", "kerberos.krb5_conf", _CLOCK, CLOCK_SKEW),
    Cause(
        "krb5.conf loading failed",
        "kerberos.krb5_conf",
        "make sure that it is text in the form of krb5.conf, and that the job's user may read "
        "every file that it includes",
        NOT_LOADED,
    ),
    Cause(
        "Cannot locate KDC",
        "kerberos.krb5_conf",
        "add a KDC for the realm of kerberos.principal to it",
        NO_KDC,
    ),
    Cause(
        "Cannot locate default realm", "kerberos.krb5_conf", "add a default_realm to it", NO_REALM
    ),
    Cause(
        "Connection refused",
        "kerberos.krb5_conf",
        "check that the KDC that it names is up and can be reached",
        KDC_SILENT,
    ),
    Cause(
        "timed out",
        "kerberos.krb5_conf",
        "check that the KDC that it names is up and can be reached",
        KDC_SILENT,
    ),
)
