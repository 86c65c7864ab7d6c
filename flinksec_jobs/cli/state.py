# SPDX-License-Identifier: Apache-2.0
"""``flinksec state``: inspect, verify, read and re-key sealed files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click

from flinksec_jobs import job_name
from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import ExitCode, leave, leave_unless
from flinksec_jobs.cli.output import put, say, say_json
from flinksec_jobs.cli.state_keys import PATH, keys
from flinksec_jobs.cli.state_output import (
    Bar,
    as_lines,
    counted,
    described,
    file_size,
)
from flinksec_jobs.cli.state_ring import with_keys, with_keys_held, with_keys_if_given
from flinksec_jobs.escaping import escaped
from flinksec_jobs.sealed import (
    FileInfo,
    FileReport,
    KeyProvider,
    Outcome,
    RekeyReport,
    Status,
)
from flinksec_jobs.sealed.directories import Found, in_order, resolved, walk
from flinksec_jobs.sealed.export import copy_out, private_file
from flinksec_jobs.sealed.file_findings import check_changes, check_examined, no_files
from flinksec_jobs.sealed.inventory import inspect_found
from flinksec_jobs.sealed.manifest import Manifest
from flinksec_jobs.sealed.rekey import rekey_found
from flinksec_jobs.sealed.verify import verify_found

# More wait well side by side on a network volume, but decrypt in turns.
_WORKERS = 4

_PATHS = click.argument("paths", nargs=-1, required=True, type=PATH)
_PLACE = click.option(
    "--place",
    type=PATH,
    help="The path that PATH (one) has for the job, where its volume is mounted elsewhere: "
    "checkpoints are compared with it.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def state() -> None:
    """Inspect, verify and read sealed state.

    PATH is a file or a directory on a local or mounted volume. Flink is not needed. Exit code 1 if
    something under PATH could not be examined: a directory that cannot be listed, a link to a
    directory, a device, a header of a newer version. Files that a running job removes meanwhile
    are left out.
    """


state.add_command(keys)


@state.command()
@_PATHS
@_PLACE
@_JSON
@with_keys_if_given
def ls(
    paths: tuple[Path, ...], ring: KeyProvider | None, place: Path | None, as_json: bool
) -> None:
    """List the files under PATH: length, key, time and state of each.

    With --keys each file is opened: its key, length and name are checked. Only verify reads all of
    its contents.
    """
    infos = _inspect(paths, ring, place)
    if as_json:
        say_json(_inspected(infos))
    else:
        for line in as_lines([_listed(info) for info in infos]):
            say(line)
    _exit_if_unread(infos)


@state.command()
@_PATHS
@_PLACE
@_JSON
@with_keys_if_given
def info(
    paths: tuple[Path, ...], ring: KeyProvider | None, place: Path | None, as_json: bool
) -> None:
    """Show the headers of the files under PATH."""
    infos = _inspect(paths, ring, place)
    files = [described(i.path, i.status, i.detail, i.length, i.header) for i in infos]
    if as_json:
        say_json(_inspected(infos))
    else:
        for number, fields in enumerate(files):
            if number:
                say()
            shown = [(name, str(text)) for name, text in fields.items() if text not in (None, "")]
            for line in as_lines(shown):
                say(line)
    _exit_if_unread(infos)


@state.command()
@_PATHS
@click.option(
    "--manifest",
    "listed",
    type=PATH,
    help="A list of files, from `flinksec state manifest`, that PATH must hold exactly.",
)
@_PLACE
@_JSON
@with_keys
def verify(
    paths: tuple[Path, ...],
    ring: KeyProvider,
    listed: Path | None,
    place: Path | None,
    as_json: bool,
) -> None:
    """Read every byte of the files under PATH and check it.

    Exit code 1 if a file is not whole, if there are no files, if something could not be examined
    ("unreadable"), or if the files differ from the manifest.
    """
    expected = Manifest.read(listed) if listed else None
    if expected and (len(paths) != 1 or not paths[0].is_dir()):
        raise click.UsageError("--manifest goes with one PATH, a directory")
    reports = _verify(paths, ring, place, quiet=as_json)
    changes = expected.compare(paths[0], reports) if expected else {}
    counts = Counter(report.status for report in reports)
    found = [*check_examined(reports), *check_changes(paths[0], changes)]
    found += [] if reports else [no_files(paths)]
    if as_json:
        answer = {
            "whole": bool(reports) and counts[Status.WHOLE] == len(reports),
            "counts": counts,
            "changes": changes,
            "files": [described(r.path, r.status, r.detail, r.length, r.header) for r in reports],
            "findings": findings_output.as_dicts(found),
        }
        say_json(answer)
    else:
        findings_output.show(found)
        say(counted("file", len(reports), counts))
    leave(findings_output.exit_code(found))


@state.command()
@click.argument("path", type=PATH)
@click.option("-o", "--output", type=PATH, help="A new file.")
@_PLACE
@with_keys
def manifest(path: Path, ring: KeyProvider, output: Path | None, place: Path | None) -> None:
    """Verify the files of the directory PATH and list them.

    Encryption does not show that files were replaced by an older copy. A list that is kept where
    writers of the volume cannot change it does: flinksec state verify --manifest.
    """
    text = Manifest.of(path, _verify((path,), ring, place, quiet=True)).to_json()
    if output is None:
        put(text)
        return
    with private_file(output) as out:
        out.write(text.encode())


@state.command()
@_PATHS
@click.option(
    "-o",
    "--output",
    type=PATH,
    help="A new file (mode 0600), which appears only if all was authentic. Default: stdout.",
)
@click.option("--moved", is_flag=True, help="Accept a checkpoint's file that was moved.")
@with_keys
def cat(paths: tuple[Path, ...], ring: KeyProvider, output: Path | None, moved: bool) -> None:
    """Write the contents of the files PATH, in clear.

    If a file turns out to be altered, its authentic beginning is on stdout already: check the exit
    code.
    """
    if output is None:
        _copy_all(paths, ring, sys.stdout.buffer, moved=moved)
        return
    with private_file(output) as out:
        _copy_all(paths, ring, out, moved=moved)


@state.command()
@_PATHS
@click.option(
    "--job",
    default="",
    help="The job whose files they are, for a key service that binds it: of files that do not say "
    "so. Key rings and tokens bind none.",
)
@_JSON
@with_keys_held
def rekey(paths: tuple[Path, ...], ring: KeyProvider, job: str, as_json: bool) -> None:
    """Wrap the data keys of files again, with the primary key.

    Only headers of the files under PATH are written. The command may be killed at any moment and
    run again: every file stays readable. Two that run at once wait for each other at each file.
    Exit code 1 if a file was left as it was, or something could not be examined. Restart the jobs
    first, so that they use the primary key too. From a key ring to a token, or back: --keys NEW
    --keys OLD.
    """
    primary, bound = ring.primary_id, job_name.bound_name(job) if job else ""
    files, tops = list(walk(*paths)), resolved(paths)
    reports: list[RekeyReport] = []

    def rekey_one(found: Found) -> RekeyReport | None:
        return rekey_found(found, ring, tops, job=bound)

    with Bar("re-wrapping", len(files), unit="files") as bar:
        for report in in_order(rekey_one, files, workers=_WORKERS):
            bar.advance(1)
            if report is None:
                continue
            reports.append(report)
            if report.outcome is Outcome.LEFT and not as_json:
                bar.print(f"left  {escaped(report.path)}  {report.status}: {report.detail}")
    counts = Counter(report.outcome for report in reports)
    needed = Counter(key for r in reports for key in set(r.needs) - {primary})
    if as_json:
        left = [
            {"path": str(r.path), "status": r.status, "detail": r.detail, "needs": r.needs}
            for r in reports
            if r.outcome is Outcome.LEFT
        ]
        answer = {
            "primary": primary,
            "counts": counts,
            "still_need": needed,
            "left": left,
            "findings": findings_output.as_dicts(check_examined(reports)),
        }
        say_json(answer)
    else:
        say(f"{counted('file', len(reports), counts)}; primary key '{primary}'")
        for key_id, number in sorted(needed.items()):
            say(f"still under key '{key_id}': {number}")
    leave_unless(not counts[Outcome.LEFT])


def _verify(
    paths: tuple[Path, ...], ring: KeyProvider, place: Path | None, *, quiet: bool
) -> list[FileReport]:
    found, there = list(walk(*paths)), _places(paths, place)
    reports: list[FileReport] = []
    with Bar("verifying", sum(file_size(one.path) for one in found), unit="bytes") as bar:

        def verify_one(one: Found) -> FileReport | None:
            return verify_found(one, ring, place=there(one.path), progress=bar.advance)

        for report in in_order(verify_one, found, workers=_WORKERS):
            if report is None:
                continue
            reports.append(report)
            if not quiet:
                bar.print(_verified(report))
    return reports


def _inspect(
    paths: tuple[Path, ...], ring: KeyProvider | None, place: Path | None
) -> list[FileInfo]:
    found, there = list(walk(*paths)), _places(paths, place)
    with Bar("reading headers", len(found), unit="files") as bar:

        def inspect(one: Found) -> FileInfo | None:
            bar.advance(1)
            return inspect_found(one, ring, place=there(one.path))

        return [info for info in in_order(inspect, found, workers=_WORKERS) if info]


def _places(paths: tuple[Path, ...], place: Path | None) -> Callable[[Path], Path | None]:
    """Where the job has the files that are found."""
    if place is None:
        return lambda _: None
    if len(paths) != 1:
        raise click.UsageError("--place goes with one PATH")
    return lambda path: place / path.relative_to(paths[0])


def _inspected(infos: list[FileInfo]) -> dict[str, object]:
    files = [described(i.path, i.status, i.detail, i.length, i.header) for i in infos]
    return {"files": files, "findings": findings_output.as_dicts(check_examined(infos))}


def _exit_if_unread(infos: list[FileInfo]) -> None:
    if any(info.status in {Status.UNREADABLE, Status.UNSUPPORTED} for info in infos):
        leave(ExitCode.WRONG)


def _listed(info: FileInfo) -> tuple[str, ...]:
    length = "-" if info.length is None else f"{info.length:,}"
    keys_, created = "-", "-"
    if info.header:
        keys_ = ",".join(info.header.key_ids) or "-"
        created = str(described(info.path, None, "", None, info.header)["created"])
    remark = f"  ({info.detail})" if info.detail else ""
    return (info.status or "sealed", length, keys_, created, f"{escaped(info.path)}{remark}")


def _verified(report: FileReport) -> str:
    return f"{report.status:<11}  {escaped(report.path)}"


def _copy_all(paths: tuple[Path, ...], ring: KeyProvider, out: BinaryIO, *, moved: bool) -> None:
    total = sum(map(file_size, paths))
    with Bar("reading", total, unit="bytes") as bar:
        for path in paths:
            copy_out(path, ring, out, moved=moved, progress=bar.advance)
    out.flush()
