# SPDX-License-Identifier: Apache-2.0
"""Whether certificates are valid now, and for how long still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography import x509

from flinksec_jobs.certificates import describe_name
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.tls import is_valid_at

_EXPIRED = problem("certificate-expired", "a certificate has ended")
_NOT_YET_VALID = problem("certificate-not-yet-valid", "a certificate is not valid yet")
_ENDS_SOON = warning("certificate-ends-soon", "a certificate ends within days")
_RENEW = "have it renewed, and check this machine's clock"


def check_dates(
    certificate: x509.Certificate,
    where: Where,
    now: datetime,
    soon: timedelta,
    *,
    what: str | None = None,
    fix: str = _RENEW,
) -> Iterator[Finding]:
    """Judge the dates of one certificate.

    Args:
        certificate: to be judged.
        where: the file that holds it.
        now: the time to judge by.
        soon: before its end a certificate is warned about.
        what: the certificate; default: by its subject.
        fix: how to renew it.
    """
    told = what or f"the certificate {describe_name(certificate.subject)}"
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends < now:
        yield _EXPIRED.at(where, f"{told} ended on {ends:%Y-%m-%d %H:%M} UTC", fix=fix)
    elif begins > now:
        yield _NOT_YET_VALID.at(
            where,
            f"{told} begins only on {begins:%Y-%m-%d %H:%M} UTC",
            fix="wait, or correct the clock of this machine or of the one that made it",
        )
    elif ends - now < soon:
        days = (ends - now).days
        yield _ENDS_SOON.at(
            where, f"{told} ends on {ends:%Y-%m-%d}, in {days} day{'s' * (days != 1)}", fix=fix
        )


def check_trusted_dates(
    certificates: Sequence[x509.Certificate],
    where: Where,
    now: datetime,
    soon: timedelta,
) -> Iterator[Finding]:
    """Judge the dates of trusted certificates together.

    One must be valid. An old one in a bundle, among valid ones, is common and does no harm.
    """
    valid = [one for one in certificates if is_valid_at(one, now)]
    if not valid or len(valid) == 1:
        yield from check_dates((valid or certificates)[0], where, now, soon)
