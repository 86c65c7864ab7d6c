# SPDX-License-Identifier: Apache-2.0
"""``flinksec history``: who did what to a job in a cluster, and what came of it."""

from __future__ import annotations

from dataclasses import asdict

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.deploy.record import Book, read_record
from flinksec_jobs.deploy.savepoint_book import SavepointBook


@click.command()
@access
@click.option("--savepoints", is_flag=True, help="Show the savepoints that are on record too.")
@click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
def history(access: Access, *, savepoints: bool, json_: bool) -> None:
    """Show who did what to a job in a cluster, and what came of it.

    The newest is first. The record is in the namespace of the job and has the last 50.
    """
    api = access.api()
    book = read_record(api)
    kept = SavepointBook.read(api).kept if savepoints else {}
    if json_:
        taken = [asdict(one) | {"name": one.name} for one in kept.values()]
        say_json(_as_dict(book) | ({"savepoints": taken} if savepoints else {}))
        return
    if book.current:
        now = book.current
        state = "stopped" if now.stopped else "deployed"
        say(f"revision {now.revision} is {state}, job {now.job_id}")
        if now.left_nothing:
            say("it left nothing that was found to go on from: `flinksec recover` looks again")
        elif not now.accepted:
            say("it has not proven that it runs: `flinksec resume` looks again")
    if book.pending:
        say(f"`flinksec {book.pending.command}` has begun and not ended: {book.pending.phase}")
    for past in book.history:
        say(past.line())
    if not book.current and not book.history:
        say(f"nothing is on record in the namespace {api.namespace}")
    for one in sorted(kept.values(), key=lambda one: one.at, reverse=True):
        say(f"savepoint {one.path} of job {one.job_id}")


def _as_dict(book: Book) -> dict[str, object]:
    return {
        "current": asdict(book.current) if book.current else None,
        "pending": asdict(book.pending) | {"phase": book.pending.phase} if book.pending else None,
        "history": [asdict(past) for past in book.history],
    }
