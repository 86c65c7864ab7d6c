# SPDX-License-Identifier: Apache-2.0
"""``flinksec state``: inspect, verify, read and re-key sealed files."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import BinaryIO

import click

from flinksec_jobs.cli.state_keys import keys
from flinksec_jobs.cli.state_output import (
    Bar,
    as_lines,
    counted,
    described,
    file_size,
    print_json,
    told_errors,
)
from flinksec_jobs.cli.state_ring import with_keys, with_keys_if_given
from flinksec_jobs.sealed import (
    FileInfo,
    FileReport,
    KeyProvider,
    Outcome,
    RekeyReport,
    Status,
    inspect_file,
    rekey_file,
)
from flinksec_jobs.sealed.export import copy_out, private_file
from flinksec_jobs.sealed.files import in_order, walk
from flinksec_jobs.sealed.manifest import Manifest
from flinksec_jobs.sealed.verify import verify_file

# More wait well side by side on a network volume, but decrypt in turns.
_WORKERS = 4

_PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def state() -> None:
    """Inspect, verify and read sealed state.

    PATH is a file or a directory on a local or mounted volume. Flink is not needed.
    """


state.add_command(keys)


@state.command()
@_PATHS
@_JSON
@told_errors
@with_keys_if_given
def ls(paths: tuple[Path, ...], ring: KeyProvider | None, as_json: bool) -> None:
    """List the files under PATH: length, key, time and state of each.

    With --keys each file is opened (its key, length and name are checked, not all of its
    contents: that is done by verify).
    """
    infos = _inspect(paths, ring)
    if as_json:
        print_json(
            {"files": [described(i.path, i.status, i.detail, i.length, i.header) for i in infos]}
        )
        return
    for line in as_lines([_listed(info) for info in infos]):
        click.echo(line)


@state.command()
@_PATHS
@_JSON
@told_errors
@with_keys_if_given
def info(paths: tuple[Path, ...], ring: KeyProvider | None, as_json: bool) -> None:
    """Show what the headers of the files under PATH say."""
    infos = [
        (i, described(i.path, i.status, i.detail, i.length, i.header))
        for i in _inspect(paths, ring)
    ]
    if as_json:
        print_json({"files": [fields for _, fields in infos]})
        return
    for number, (_, fields) in enumerate(infos):
        if number:
            click.echo()
        shown = [(name, str(value)) for name, value in fields.items() if value not in (None, "")]
        for line in as_lines(shown):
            click.echo(line)


@state.command()
@_PATHS
@click.option(
    "--manifest",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with this list too: the files must be the same ones. PATH is one directory.",
)
@_JSON
@told_errors
@with_keys
def verify(paths: tuple[Path, ...], ring: KeyProvider, listed: Path | None, as_json: bool) -> None:
    """Read every byte of the files under PATH and say of each what it is.

    Exit code 1 if any file is not whole, if there is none, or if they differ from the manifest.
    """
    expected = Manifest.read(listed) if listed else None
    if expected and (len(paths) != 1 or not paths[0].is_dir()):
        raise click.UsageError("--manifest goes with one PATH, a directory")
    reports = _verify(paths, ring, quiet=as_json)
    changes = expected.compare(paths[0], reports) if expected else {}
    counts = Counter(report.status for report in reports)
    whole = bool(reports) and counts[Status.WHOLE] == len(reports)
    if as_json:
        found = [described(r.path, r.status, r.detail, r.length, r.header) for r in reports]
        print_json({"whole": whole, "counts": counts, "changes": changes, "files": found})
    else:
        for name, change in sorted(changes.items()):
            click.echo(f"{change:<11}  {paths[0] / name}  (by the manifest)")
        click.echo(counted("file", len(reports), counts) if reports else "no file was found")
    sys.exit(0 if whole and not changes else 1)


@state.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file.")
@told_errors
@with_keys
def manifest(path: Path, ring: KeyProvider, output: Path | None) -> None:
    """Verify the files under the directory PATH and list them, to keep the list elsewhere.

    Encryption does not show that files were put back from an older copy. A list that lies where
    the volume's writers cannot change it does: flinksec state verify --manifest.
    """
    text = Manifest.of(path, _verify((path,), ring, quiet=True)).to_json()
    if output is None:
        click.echo(text, nl=False)
        return
    with private_file(output) as out:
        out.write(text.encode())


@state.command()
@_PATHS
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A new file (mode 0600), which appears only if all was authentic. Default: stdout.",
)
@click.option("--moved", is_flag=True, help="Read a checkpoint's file also under another name.")
@told_errors
@with_keys
def cat(paths: tuple[Path, ...], ring: KeyProvider, output: Path | None, moved: bool) -> None:
    """Write the contents of the files PATH, in clear.

    On stdout a file that turns out to be altered has written its authentic beginning by then:
    look at the exit code.
    """
    if output is None:
        _copy_all(paths, ring, sys.stdout.buffer, moved=moved)
        return
    with private_file(output) as out:
        _copy_all(paths, ring, out, moved=moved)


@state.command()
@_PATHS
@_JSON
@told_errors
@with_keys
def rekey(paths: tuple[Path, ...], ring: KeyProvider, as_json: bool) -> None:
    """Wrap the data keys of the files under PATH anew, under the primary key.

    Only headers are written. It may be killed at any moment, and run again: every file stays
    readable. Exit code 1 if a file was left as it was. Restart the jobs first, so that they
    write under the primary key too. Between a key ring and a token: --keys NEW --keys OLD.
    """
    primary = ring.primary_id
    files = [file for path in paths for file in walk(path)]
    reports: list[RekeyReport] = []
    with Bar("re-wrapping", len(files), unit="files") as bar:
        for report in in_order(lambda file: rekey_file(file, ring), files, workers=_WORKERS):
            reports.append(report)
            bar.advance(1)
            if report.outcome is Outcome.LEFT and not as_json:
                bar.print(f"left  {report.path}  {report.status}: {report.detail}")
    counts = Counter(report.outcome for report in reports)
    needed = Counter(key for r in reports for key in set(r.needs) - {primary})
    if as_json:
        left = [
            {"path": str(r.path), "status": r.status, "detail": r.detail, "needs": r.needs}
            for r in reports
            if r.outcome is Outcome.LEFT
        ]
        print_json({"primary": primary, "counts": counts, "still_need": needed, "left": left})
    else:
        click.echo(f"{counted('file', len(reports), counts)}; primary key '{primary}'")
        for key_id, number in sorted(needed.items()):
            click.echo(f"still under key '{key_id}': {number}")
    sys.exit(1 if counts[Outcome.LEFT] else 0)


def _verify(paths: tuple[Path, ...], ring: KeyProvider, *, quiet: bool) -> list[FileReport]:
    files = [file for path in paths for file in walk(path)]
    reports: list[FileReport] = []
    with Bar("verifying", sum(map(file_size, files)), unit="bytes") as bar:

        def verify_one(file: Path) -> FileReport:
            return verify_file(file, ring, progress=bar.advance)

        for report in in_order(verify_one, files, workers=_WORKERS):
            reports.append(report)
            if not quiet:
                bar.print(_verified(report))
    return reports


def _inspect(paths: tuple[Path, ...], ring: KeyProvider | None) -> list[FileInfo]:
    files = [file for path in paths for file in walk(path)]
    with Bar("reading headers", len(files), unit="files") as bar:

        def inspect(file: Path) -> FileInfo:
            bar.advance(1)
            return inspect_file(file, ring)

        return list(in_order(inspect, files, workers=_WORKERS))


def _listed(info: FileInfo) -> tuple[str, ...]:
    length = "-" if info.length is None else f"{info.length:,}"
    keys_, created = "-", "-"
    if info.header:
        keys_ = ",".join(info.header.key_ids) or "-"
        created = str(described(info.path, None, "", None, info.header)["created"])
    remark = f"  ({info.detail})" if info.detail else ""
    return (info.status or "sealed", length, keys_, created, f"{info.path}{remark}")


def _verified(report: FileReport) -> str:
    remark = f"  ({report.detail})" if report.detail else ""
    return f"{report.status:<11}  {report.path}{remark}"


def _copy_all(paths: tuple[Path, ...], ring: KeyProvider, out: BinaryIO, *, moved: bool) -> None:
    total = sum(map(file_size, paths))
    with Bar("reading", total, unit="bytes") as bar:
        for path in paths:
            copy_out(path, ring, out, moved=moved, progress=bar.advance)
    out.flush()
