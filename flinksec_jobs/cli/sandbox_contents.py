# SPDX-License-Identifier: Apache-2.0
"""``flinksec sandbox topics|produce|consume|documents|files``: what is in the servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click

from flinksec_jobs.cli.output import say, say_data, say_json, several
from flinksec_jobs.cli.sandbox_options import as_json, at_most, sandbox_directory
from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import (
    RECORD,
    open_regular,
    reason,
    standard_input,
    text_lines,
    unreadable,
)
from flinksec_jobs.kafka.topics import is_name
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.lines import record_lines
from flinksec_jobs.sandbox.whole_records import as_object

_MOST_PARTITIONS = 1000
_TELL_EVERY = 50_000


def _topic(_context: click.Context, _argument: click.Parameter, given: tuple[str, ...]) -> Any:
    wanted: dict[str, int] = {}
    for text in given:
        name, equals, partitions = text.rpartition("=")
        if not equals:
            name, partitions = text, "1"
        if not partitions.isdecimal() or not 1 <= int(partitions[:9]) <= _MOST_PARTITIONS:
            raise click.BadParameter(
                f"{text}: write NAME or NAME=PARTITIONS, with 1 to {_MOST_PARTITIONS} partitions"
            )
        if not is_name(name):
            raise click.BadParameter(
                f"{name} is no topic: letters of ASCII, digits, dots, dashes and underscores"
            )
        wanted[name] = int(partitions)
    return wanted


@click.command()
@sandbox_directory
@click.argument("wanted", metavar="[NAME[=PARTITIONS]]...", nargs=-1, callback=_topic)
@as_json
def topics(directory: Path, wanted: dict[str, int], as_json: bool) -> None:
    """List the topics of Kafka, or make the named ones.

    A new topic has one partition unless the name says more (orders=4), and the job's principal
    may read and write it. A topic that exists already stays as it is.
    """
    box = _attached(directory, "kafka")
    if wanted:
        made = box.create_topics(wanted)
        if as_json:
            say_json({"made": made, "there": [n for n in wanted if n not in made]})
            return
        for name in wanted:
            say(f"{name}: {'made' if name in made else 'is there already'}")
        return
    found = box.topics()
    if as_json:
        listed = [
            {"name": topic.name, "partitions": topic.partitions, "records": topic.records}
            for topic in found
        ]
        say_json({"topics": listed})
        return
    for topic in found:
        say(f"{topic.name}  partitions: {topic.partitions}  records: {topic.records}")
    if not found:
        say("there is no topic; make one: flinksec sandbox topics NAME", err=True)


@click.command()
@sandbox_directory
@click.argument("topic")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@click.option(
    "--key", "key_field", metavar="FIELD", help="The field that becomes the record's key."
)
@click.option(
    "--timestamp",
    "timestamp_field",
    metavar="FIELD",
    help="The field with the record's timestamp in epoch milliseconds. Default: now.",
)
@click.option(
    "--whole",
    is_flag=True,
    help='Each line is a whole record: {"key", "value", "headers", "timestamp"}.',
)
def produce(
    directory: Path,
    topic: str,
    file: Path,
    *,
    key_field: str | None,
    timestamp_field: str | None,
    whole: bool,
) -> None:
    """Write each line of FILE, or of standard input, into a topic.

    Each line becomes the value of a record, unchanged. With --key or --timestamp every line must be
    a JSON object. Blank lines are skipped. Records before a bad line may have been written.

    With --whole, each line is a record as `consume --json` prints it. A value of null is a
    tombstone, bytes that are no text are Base64, and a topic can be copied, but for its
    partitions and offsets, which are passed over:

    \b
      {"key": "k", "value": null}
      {"key": {"base64": "/wA="}, "value": "v", "headers": [["trace", "t-1"]]}
    """  # noqa: D301  click's own mark, one character
    if whole and (key_field is not None or timestamp_field is not None):
        raise click.UsageError("--whole does not go with --key or --timestamp")
    written = 0

    def lines(stream: BinaryIO) -> Iterator[str]:
        nonlocal written
        given = text_lines(stream, RECORD, str(file))
        for line in given if whole else record_lines(given, key_field, timestamp_field):
            yield line
            written += bool(line.strip())

    def tell(done: int) -> None:
        if done % _TELL_EVERY == 0 < done:
            say(f"{done} written …", err=True)

    with _opened(file) as stream:
        box = _attached(directory, "kafka")
        with _missing_topics_told(box, topic):
            box.produce(topic, lines(stream), progress=tell, whole=whole)
    say(
        f"{several(written, 'record')} {'is' if written == 1 else 'are'} in the topic {topic}",
        err=True,
    )


@click.command()
@sandbox_directory
@click.argument("topic")
@at_most
@click.option(
    "--isolation",
    type=click.Choice(["read_committed", "read_uncommitted"]),
    default="read_committed",
    show_default=True,
    help="read_uncommitted shows records of open and failed transactions too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each record as a JSON object.")
def consume(
    directory: Path, topic: str, *, most: int | None, isolation: str, as_json: bool
) -> None:
    """Print the records of a topic, one a line, up to its current end.

    With --json a record is {"partition", "offset", "timestamp", "key", "value", "headers"}; what
    is not UTF-8 is printed in Base64, as {"base64": "…"}. `produce --whole` writes such lines.
    """
    box = _attached(directory, "kafka")
    count = 0
    with _missing_topics_told(box, topic):
        for record in box.records(topic, most=most, isolation=isolation):
            if as_json:
                say_json(as_object(record))
            else:
                say_data(_as_line(record.value))
            count += 1
    say(several(count, "record"), err=True)


@click.command()
@sandbox_directory
@click.argument("index")
@at_most
@as_json
def documents(directory: Path, index: str, *, most: int | None, as_json: bool) -> None:
    """Print the documents of an Elasticsearch index, one a line.

    With --json the output is one object {"index", "count", "documents"}, and each document has its
    _id.
    """
    client = _attached(directory, "elasticsearch").elasticsearch_client()
    # Not before: what is missing is told by the line above.
    from elasticsearch import ApiError
    from elasticsearch.helpers import scan

    try:
        client.indices.refresh(index=index)
        hits = list(islice(scan(client, index=index), most))
        count = int(client.count(index=index)["count"])
    except ApiError as error:
        raise SandboxError(
            f"the index {index} cannot be read: {error.error}",
            hint="the job that writes it has to run first; Elasticsearch makes the index with "
            "the first document",
        ) from None
    if as_json:
        listed = [{"_id": hit["_id"], **hit["_source"]} for hit in hits]
        say_json({"index": index, "count": count, "documents": listed})
        return
    for hit in hits:
        say_json(hit["_source"])
    say(f"{count} documents", err=True)


@click.command()
@sandbox_directory
@click.argument("path", default="/data")
@click.option("--cat", is_flag=True, help="Print the lines of the finished files.")
@as_json
def files(directory: Path, path: str, *, cat: bool, as_json: bool) -> None:
    """List the files below a PATH of HDFS, or print their lines.

    A file that ends in .inprogress… waits for the checkpoint that covers it.
    """
    box = _attached(directory, "hdfs")
    found = box.hdfs_lines(path) if cat else iter(box.hdfs_ls(path))
    if as_json:
        say_json({"path": path, "lines" if cat else "files": list(found)})
        return
    for line in found:
        say_data(line)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        try:
            given = standard_input()
        except OSError as error:
            raise SandboxError(f"standard input cannot be read: {reason(error)}") from error
        yield given
        return
    try:
        stream = open_regular(file)
    except OSError as error:
        raise unreadable(file, "FILE", error, SandboxError) from error
    with stream:
        yield stream


def _attached(directory: Path, server: str) -> Sandbox:
    """Return the sandbox that runs, if the server is among what it was started with."""
    box = Sandbox.attach(directory)
    if server not in box.servers:
        raise SandboxError(
            f"the sandbox in {directory} runs without {server}",
            hint=f"start it again: flinksec sandbox down, then flinksec sandbox up, with {server} "
            "among --only or without --only",
        )
    return box


@contextmanager
def _missing_topics_told(box: Sandbox, topic: str) -> Iterator[None]:
    """Tell a topic that is not there as such: to the job's principal Kafka only denies it."""
    try:
        yield
    except SandboxError as error:
        if "Authorization" in error.message and topic not in {one.name for one in box.topics()}:
            raise SandboxError(
                f"there is no topic {topic}", hint=f"make it: flinksec sandbox topics {topic}"
            ) from error
        raise


def _as_line(value: bytes | None) -> str:
    return "null" if value is None else value.decode("utf-8", errors="backslashreplace")
