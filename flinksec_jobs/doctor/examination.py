# SPDX-License-Identifier: Apache-2.0
"""All categories in the order in which they are looked at, and their examination."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from flinksec_jobs.doctor import (
    flink_checks,
    java_checks,
    kerberos_checks,
    network_checks,
    server_checks,
    settings_checks,
    state_checks,
    tls_checks,
)
from flinksec_jobs.doctor.checks import Check, Checked, NotAskedError, carry_out, not_used
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.servers import SERVERS


@dataclass(frozen=True)
class Category:
    """A kind of checks.

    Attributes:
        about: what it looks at, for the help.
        checks: yields them; raises `NotAskedError` if the settings have nothing of the kind.
    """

    about: str
    checks: Callable[[Patient], Iterator[Check]]


CATEGORIES: dict[str, Category] = {
    "settings": Category("the settings, and weak choices", settings_checks.settings),
    "files": Category("every file that they name", settings_checks.files),
    "flink": Category("Flink's own configuration, for a cluster", flink_checks.flink),
    "java": Category("Java, its modules, jars and cryptography", java_checks.java),
    "dns": Category("the names of all hosts, forward and reverse", network_checks.dns),
    "kerberos": Category("keytab, login and tickets for the services", kerberos_checks.kerberos),
    "clock": Category("the KDC's clock compared with this machine's", kerberos_checks.clock),
    "tls": Category("the certificate of each endpoint, and its days left", tls_checks.tls),
    **{one.section: Category(one.about, partial(server_checks.checks, one)) for one in SERVERS},
    "state": Category("keys, and the newest checkpoint", state_checks.state),
}  # fmt: skip


class Listener:
    """Hears how an examination gets on."""

    def begun(self, check: Check) -> None:
        """Hear of a check that begins."""

    def ended(self, checked: Checked) -> None:
        """Hear of one that has ended."""


def examine(
    patient: Patient, only: Collection[str] = (), listener: Listener | None = None
) -> list[Checked]:
    """Look at everything, one after the other.

    Args:
        patient: the settings, and what of the servers is wanted.
        only: the categories to look at; empty for all.
        listener: hears of each check as it begins and ends.
    """
    hears = listener or Listener()
    failed: set[str] = set()
    done: list[Checked] = []
    for name, category in CATEGORIES.items():
        if only and name not in only:
            continue
        for checked in _examined(name, category.checks(patient), failed, hears):
            hears.ended(checked)
            done.append(checked)
    return done


def _examined(
    category: str, checks: Iterable[Check], failed: set[str], listener: Listener
) -> Iterator[Checked]:
    found = iter(checks)
    while True:
        try:
            check = next(found)
        except StopIteration:
            return
        except NotAskedError as error:
            yield not_used(category, error.because)
            return
        listener.begun(check)
        yield carry_out(check, failed)
