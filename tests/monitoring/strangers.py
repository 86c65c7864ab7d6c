# SPDX-License-Identifier: Apache-2.0
"""Clients that must not get at the metrics: none, foreign and ended certificates, those of REST.

One more may: it has a certificate of the same CA as the ended one.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity, Validity
from flinksec_jobs.certs import metrics_pair
from tests.cluster.processes import MAKING
from tests.monitoring.watched_cluster import WatchedCluster


def strangers(directory: Path, cluster: WatchedCluster) -> dict[str, Path | None]:
    """The directory of each, by what is wrong with it.

    A certificate of the right CA that has ended needs that CA: the cluster's trusts it, too.
    """
    foreign = metrics_pair.make(MAKING)
    metrics_pair.write(directory, foreign)
    ended = _ended(directory / "ended", cluster)
    return {
        "no-certificate": None,
        "foreign-certificate": directory / metrics_pair.CLIENT,
        "ended-certificate": ended,
        "valid-certificate": ended.with_name("valid"),
        "certificate-of-rest": cluster.tls / "cli",
    }


def _ended(directory: Path, cluster: WatchedCluster) -> Path:
    now = datetime.now(UTC).replace(microsecond=0)
    life = Validity(now - timedelta(days=9), now + timedelta(days=9))
    key = MAKING.key()
    authority = certificates.make_authority(key, certificates.name("another-ca"), life)
    trusted = cluster.certificates / metrics_pair.SERVER / "ca.crt"
    trusted.write_bytes(trusted.read_bytes() + certificates.pem(authority.certificate))
    own = MAKING.key()
    past = Validity(now - timedelta(days=8), now - timedelta(days=1))
    signed = authority.sign(own, certificates.name("ended"), past, purposes=("client",))
    identity = Identity(signed, own)
    directory.mkdir()
    (directory / "tls.crt").write_bytes(identity.certificate_pem)
    (directory / "tls.key").write_bytes(identity.key_pem)
    # The same CA signs one that is valid, so that it is the date alone that keeps the other out.
    valid = Identity(authority.sign(own, certificates.name("v"), life, purposes=("client",)), own)
    good = directory.with_name("valid")
    good.mkdir()
    (good / "tls.crt").write_bytes(valid.certificate_pem)
    (good / "tls.key").write_bytes(valid.key_pem)
    return directory
