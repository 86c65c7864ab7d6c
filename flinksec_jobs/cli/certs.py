# SPDX-License-Identifier: Apache-2.0
"""``flinksec certs``: make, inspect and rotate the certificates of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from flinksec_jobs.certs import create as creation
from flinksec_jobs.certs import kubernetes, metrics_pair
from flinksec_jobs.certs.generations import Content, Generations
from flinksec_jobs.certs.inspection import inspect as inspect_paths
from flinksec_jobs.certs.issue import CLIENTS, KEY_BITS, Making, Services
from flinksec_jobs.certs.rotate import Group, Renewal, Step, state_of
from flinksec_jobs.certs.rotate import rotate as rotate_directory
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.cli import certs_output as output
from flinksec_jobs.cli.exit_codes import ExitCode, leave
from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.findings import problems
from flinksec_jobs.settings.cluster_names import JOBMANAGER, TASKMANAGER

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_DIRECTORY = click.argument("directory", type=_PATH)


def _making(command: _Command) -> _Command:
    """Return the options of everything that makes keys and writes Secrets."""
    for option in reversed(
        (
            click.option(
                "--days",
                type=click.IntRange(1, 3650),
                default=365,
                show_default=True,
                help="For how long new certificates are valid.",
            ),
            click.option(
                "--key-bits",
                type=click.Choice(["2048", "3072", "4096"]),
                default=str(KEY_BITS),
                show_default=True,
                help="Size of new RSA keys.",
            ),
            click.option(
                "--internal-from",
                type=_PATH,
                metavar="DIR",
                help="Use this directory's tls.crt, tls.key, ca.crt (or keystore.p12, "
                "truststore.p12) for the internal connections.",
            ),
            click.option(
                "--rest-from",
                type=_PATH,
                metavar="DIR",
                help="The same for the REST server; its clients get certificates of a new CA.",
            ),
            click.option(
                "--password-file",
                type=_PATH,
                metavar="FILE",
                help="Opens the stores of --internal-from and --rest-from, if there is no file "
                "password beside them.",
            ),
            click.option(
                "--kubernetes",
                "manifest",
                type=_PATH,
                metavar="FILE",
                help="Write the Secrets as YAML into a new file of mode 0600.",
            ),
            click.option("--namespace", metavar="NAME", help="The Kubernetes namespace."),
        )
    ):
        command = option(command)
    return command


@click.group()
def certs() -> None:
    """Make, inspect and rotate the certificates of a cluster.

    All connections between Flink's processes use one key and certificate, and trust nothing else.
    The REST server and each of its clients get a certificate of a CA whose key is not kept.
    """


@certs.command()
@_DIRECTORY
@_making
@click.option(
    "--service",
    default=JOBMANAGER,
    show_default=True,
    metavar="NAME",
    help="The JobManager's Service, with the REST port.",
)
@click.option(
    "--taskmanager-service",
    default=TASKMANAGER,
    show_default=True,
    metavar="NAME",
    help="The headless Service of the TaskManagers' StatefulSet.",
)
@click.option(
    "--cluster-domain",
    default="cluster.local",
    show_default=True,
    metavar="NAME",
    help="The DNS domain of the Kubernetes cluster.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="Another DNS name or IP address of the REST server; may be repeated.",
)
@click.option(
    "--wildcard",
    is_flag=True,
    help="Name the JobManager and, by a wildcard, the TaskManagers in the internal "
    "certificate, for a Flink that checks host names.",
)
@click.option(
    "--client",
    "clients",
    multiple=True,
    default=CLIENTS,
    show_default=True,
    metavar="NAME",
    help="A client of the REST server; may be repeated.",
)
@click.option(
    "--if-missing",
    is_flag=True,
    help="Do nothing if DIRECTORY has all that is asked for and it is valid.",
)
def create(
    *,
    directory: Path,
    days: int,
    key_bits: str,
    internal_from: Path | None,
    rest_from: Path | None,
    password_file: Path | None,
    manifest: Path | None,
    namespace: str | None,
    service: str,
    taskmanager_service: str,
    cluster_domain: str,
    names: tuple[str, ...],
    wildcard: bool,
    clients: tuple[str, ...],
    if_missing: bool,
) -> None:
    """Make the keys, certificates and stores of a cluster in DIRECTORY.

    DIRECTORY must not exist yet, and is made completely or not at all. It holds secrets: keep it
    out of version control and images.
    """
    services = (
        Services(namespace, service, taskmanager_service, cluster_domain) if namespace else None
    )
    request = creation.Request(
        services=services,
        names=names,
        wildcard=wildcard,
        clients=clients,
        internal=_source(internal_from, password_file),
        rest=_source(rest_from, password_file),
        making=Making(days, int(key_bits)),
    )
    if if_missing and Generations(directory).exists():
        _accept(directory, request)
        return
    if manifest:
        kubernetes.refuse_existing(manifest)
    parties = creation.create(directory, request)
    output.created(directory, parties)
    _secrets(directory, Content(parties, {}), tuple(parties), manifest, namespace)
    for line in output.pinned(state_of(Content(parties, {}))):
        say(line)


@certs.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@click.option(
    "--password-file",
    type=_PATH,
    metavar="FILE",
    help="File with the stores' password. Default: the file password beside them.",
)
@click.option(
    "--days",
    type=click.IntRange(0, 36500),
    default=30,
    show_default=True,
    help="Warn of certificates that expire within this time.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect(
    paths: tuple[Path, ...], password_file: Path | None, days: int, strict: bool, as_json: bool
) -> None:
    """Show certificates, when they expire and what is wrong with them.

    PATHS are directories made by create, directories of stores or PEM files (cert-manager's,
    mounted Secrets), or single files. Exits with 1 if there is a problem.
    """
    seen = inspect_paths(paths, password_file=password_file, soon=timedelta(days=days))
    if as_json:
        say_json(output.as_object(seen))
    else:
        output.show(seen)
    if (strict and seen.findings) or problems(seen.findings):
        leave(ExitCode.WRONG)


@certs.command()
@_DIRECTORY
@_making
@click.option(
    "--step",
    type=click.IntRange(1, 3),
    help="The step to do. Default: only show where the rotation stands.",
)
@click.option(
    "--only",
    type=click.Choice(["internal", "rest"]),
    help="In step 1, replace only these; rest is the REST server with its CA and all clients.",
)
@click.option("--dry-run", is_flag=True, help="Show what the step would do, and change nothing.")
def rotate(
    *,
    directory: Path,
    days: int,
    key_bits: str,
    internal_from: Path | None,
    rest_from: Path | None,
    password_file: Path | None,
    manifest: Path | None,
    namespace: str | None,
    step: int | None,
    only: Group | None,
    dry_run: bool,
) -> None:
    """Replace keys and certificates of a running cluster, in three steps.

    \b
    1  every trust store holds the old and the new certificates
    2  every key store holds the new key
    3  every trust store drops the old certificates

    After each step, update the Secrets and restart every process that uses them: Flink reads its
    stores only at start. A step may be repeated but not skipped. If a key was stolen, do not
    rotate, as the old keys stay trusted for a while: make new certificates and restart the whole
    cluster.
    """  # noqa: D301  click wants this one
    if step is None:
        output.stands(directory, state_of(Generations(directory).read()))
        return
    if manifest:
        kubernetes.refuse_existing(manifest)
    groups: tuple[Group, ...] = (only,) if only else ("internal", "rest")
    renewal = Renewal(
        groups=groups,
        internal=_source(internal_from, password_file),
        rest=_source(rest_from, password_file),
        making=Making(days, int(key_bits)),
    )
    state, content = rotate_directory(directory, Step(step), renewal, dry_run=dry_run)
    output.stepped(Step(step), state, dry_run=dry_run)
    if not dry_run:
        _secrets(directory, content, state.affected, manifest, namespace)
    output.roll(directory, Step(step), state)


@certs.command()
@_DIRECTORY
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    help="For how long the certificates are valid.",
)
@click.option(
    "--key-bits",
    type=click.Choice(["2048", "3072", "4096"]),
    default=str(KEY_BITS),
    show_default=True,
    help="Size of the RSA keys.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help=f"Another name of the servers, beside {metrics_pair.SERVER_NAME}; may be repeated.",
)
@click.option("--namespace", metavar="NAME", help="The job's Kubernetes namespace.")
def metrics(
    *, directory: Path, days: int, key_bits: str, names: tuple[str, ...], namespace: str | None
) -> None:
    """Make the certificates of metrics in DIRECTORY, a new one.

    metrics is for Flink's processes, prometheus for Prometheus, each in PEM files. To renew them,
    make new ones and replace both Secrets: the processes read theirs again by themselves.
    """
    parties = metrics_pair.make(Making(days, int(key_bits)), names)
    metrics_pair.write(directory, parties)
    say(f"made in {directory}: {', '.join(parties)}")
    say("the Secrets:")
    for party, files in parties.items():
        paths = [directory / party / file for file in files]
        name = metrics_pair.SECRETS[party]
        say(f"  {kubernetes.secret_line(name, paths, namespace)}")


def _source(directory: Path | None, password_file: Path | None) -> Source | None:
    return Source.read(directory, password_file) if directory else None


def _accept(directory: Path, request: creation.Request) -> None:
    lacking = creation.missing(directory, request)
    if lacking:
        raise creation.incomplete(directory, lacking)
    say(f"{directory} has all that is asked for")


def _secrets(
    directory: Path,
    content: Content,
    names: tuple[str, ...],
    manifest: Path | None,
    namespace: str | None,
) -> None:
    if manifest:
        text = kubernetes.manifests(content.parties, names, namespace)
        kubernetes.write_manifests(manifest, text)
        say(f"wrote {manifest}: it holds the keys; remove it after kubectl apply")
        return
    say("the Secrets:")
    for line in kubernetes.kubectl_lines(directory, content.parties, names, namespace):
        say(f"  {line}")
