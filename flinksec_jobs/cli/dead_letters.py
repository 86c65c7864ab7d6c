# SPDX-License-Identifier: Apache-2.0
"""``flinksec dead-letters``: look at records that a job could not use, and send them back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.dead_letter_topics import replay as replays
from flinksec_jobs.dead_letter_topics.broker import Broker, connected
from flinksec_jobs.dead_letter_topics.groups import Group, grouped
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.dead_letter_topics.topic import letters
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import KafkaSettings, Settings, load_settings

_PATH = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Asked:
    """Which letters a command is about."""

    topic: str | None
    settings_file: Path | None
    cluster: str | None
    job: str | None
    causes: tuple[str, ...]


def _of_a_topic(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all commands take, and give it to the command as one."""
    names = [one.name for one in fields(Asked)]

    @functools.wraps(command)
    def called(**given: Any) -> None:
        command(Asked(**{name: given.pop(name) for name in names}), **given)

    made: Callable[..., None] = called
    for add in (
        click.argument("topic", required=False),
        click.option(
            "--settings",
            "settings_file",
            type=_PATH,
            help="The settings of the job. Default: the file that FLINKSEC_SETTINGS names.",
        ),
        click.option(
            "--cluster", metavar="NAME", help="The section [kafka.NAME] in the place of [kafka]."
        ),
        click.option("--job", metavar="NAME", help="Only letters that this job wrote."),
        click.option(
            "--cause",
            "causes",
            multiple=True,
            metavar="ID",
            help="Only letters of this cause, as `ls` shows it. May be given several times.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ):
        made = add(made)
    return made


@click.group("dead-letters")
def dead_letters() -> None:
    """Look at records that a job could not use, and send them back.

    TOPIC is the topic of dead letters; by default job.dead_letters of the settings. The login is
    that of the job, by a client in Python: no JVM is started. What is around a record is shown,
    its content only if it is asked for.
    """


@dead_letters.command()
@_of_a_topic
def ls(asked: Asked, as_json: bool) -> None:
    """List the letters of TOPIC by their cause.

    Of each cause it tells how many there are, since when, and what is said of them.
    """
    with _opened(asked) as (broker, settings, name):
        found = _chosen(broker, name, asked)
        done = _done(broker, settings, name, found)
        groups = grouped((letter, replays.has_gone(letter, done)) for letter in found)
    if as_json:
        say_json({"topic": name, "causes": [group.as_dict() for group in groups]})
        return
    for group in groups:
        for line in _told(group):
            say(line)
    say(f"{len(found)} letters of {len(groups)} causes in {name}")


@dead_letters.command()
@_of_a_topic
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="The first N.",
)
@click.option("--content", is_flag=True, help="Show keys, values and headers, too.")
def show(
    asked: Asked,
    as_json: bool,
    most: int,
    content: bool,
) -> None:
    """Show letters of TOPIC one by one.

    Of each it tells where it came from, and why it is dead.
    """
    with _opened(asked) as (broker, _, name):
        found = _chosen(broker, name, asked)
    for letter in found[:most]:
        if as_json:
            say_json(_as_dict(letter, content=content))
        else:
            for line in _lines(letter, content=content):
                say(line)
    if len(found) > most and not as_json:
        say(f"{len(found) - most} more: --max N shows them")


@dead_letters.command()
@_of_a_topic
@click.option("--to", metavar="TOPIC", help="Send all to this topic, and not where they came from.")
@click.option("--dry-run", is_flag=True, help="Count what would be sent, and send nothing.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), metavar="N", help="Send the first N, no more."
)
def replay(
    asked: Asked,
    as_json: bool,
    to: str | None,
    dry_run: bool,
    most: int | None,
) -> None:
    """Send letters of TOPIC back, each once.

    They go to where their records came from.

    Key, value, headers and timestamp are those of the record, and it goes to its old partition.
    Letters go in transactions that also note how far they have gone: a replay that was killed is
    started again, and goes on. Letters that hold something later than the record that was read
    have nowhere to go back to; --to sends them to a topic of your choice.
    """
    with _opened(asked) as (broker, settings, name):
        found = _chosen(broker, name, asked)
        made = replays.Replay(name, _name(settings, found), to)
        # Before it is asked what has gone: from here on nobody else sends.
        producer = None if dry_run or not found else replays.begin(broker, made)
        done = replays.done(broker, made, {letter.cause for letter in found})
        to_go, sent = replays.plan(found, made, done)
        to_go = to_go[:most]
        if producer is not None and to_go:
            with _bar("sent", len(to_go)) as advance:
                replays.send(broker, producer, made, to_go, sent, progress=advance)
    if dry_run:
        for letter in to_go:
            destination = made.destination(letter)
            assert destination is not None  # noqa: S101  such letters are not among them
            sent.letters[destination[0]] = sent.letters.get(destination[0], 0) + 1
    _say_sent(sent, as_json=as_json, dry_run=dry_run)


def _say_sent(sent: replays.Sent, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        say_json(
            {
                "dry_run": dry_run,
                "sent": sent.letters,
                "sent_before": sent.before,
                "without_a_record": sent.elements,
            }
        )
        return
    verb = "would be sent" if dry_run else "were sent"
    for target, count in sorted(sent.letters.items()):
        say(f"{count} letters {verb} to {target}")
    if not sent.letters:
        say(f"no letters {verb}")
    if sent.before:
        say(f"{sent.before} letters had been sent before")
    if sent.elements:
        say(f"{sent.elements} letters hold no record that was read: --to TOPIC sends them")


@contextmanager
def _opened(asked: Asked) -> Iterator[tuple[Broker, Settings, str]]:
    settings = load_settings(asked.settings_file)
    if asked.cluster is not None:
        settings = settings.on_kafka(asked.cluster)
    settings.need(KafkaSettings, "dead-letters")
    name = asked.topic or settings.job.dead_letters
    if not name:
        raise SettingsError(
            "no topic of dead letters is named, by TOPIC or by job.dead_letters",
            hint="name it: flinksec dead-letters ls TOPIC",
        )
    with connected(settings) as broker:
        yield broker, settings, name


def _chosen(broker: Broker, topic: str, asked: Asked) -> list[Letter]:
    with _bar("read", 0) as advance:
        found = [
            letter
            for letter in letters(broker, topic, advance)
            if asked.job is None or letter.job == asked.job
        ]
    known = {letter.cause.id for letter in found}
    if unknown := [cause for cause in asked.causes if cause not in known]:
        raise SettingsError(
            f"no letter in {topic} has the cause {', '.join(unknown)}",
            hint="`flinksec dead-letters ls` shows causes with their ids",
        )
    return [letter for letter in found if not asked.causes or letter.cause.id in asked.causes]


def _name(settings: Settings, found: Sequence[Letter]) -> str:
    """Return what ids of the replay begin with, for which the job's login has its rights."""
    own = settings.need(KafkaSettings).transactional_id_prefix
    jobs = sorted({letter.job for letter in found})
    if own or len(jobs) == 1:
        return own or jobs[0]
    if not jobs:
        return "none"
    raise SettingsError(
        f"the letters are of several jobs: {', '.join(jobs)}",
        hint="choose one: --job NAME",
    )


def _done(broker: Broker, settings: Settings, topic: str, found: Sequence[Letter]) -> replays.Done:
    done: replays.Done = {}
    for name in sorted({letter.job for letter in found}):
        of_job = [letter for letter in found if letter.job == name]
        made = replays.Replay(topic, _name(settings, of_job))
        done |= replays.done(broker, made, {letter.cause for letter in of_job})
    return done


@contextmanager
def _bar(verb: str, total: int) -> Iterator[Callable[..., None]]:
    """Show progress on stderr, on a terminal."""
    columns = (TextColumn(f"letters {verb}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(verb, total=total or None)

        def advance(done: int, of: int | None = None) -> None:
            bar.update(task, completed=done, total=of if of is not None else total)

        yield advance


def _time(millis: int) -> str:
    if millis < 0:
        return "at no time"
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds")


def _told(group: Group) -> Iterator[str]:
    cause = group.cause
    way = cause.source or "somewhere"
    if cause.target:
        way += f" to {cause.target}"
    yield f"{cause.id}  {group.count} letters, {way}: {cause.stage} in {cause.found_by}"
    yield f"  {cause.error}, from {_time(group.first)} to {_time(group.last)}"
    for message, count in group.messages.most_common(3):
        yield f"  {count} x {message}"
    if group.replayed:
        yield f"  {group.replayed} sent back"


def _lines(letter: Letter, *, content: bool) -> Iterator[str]:
    yield f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"
    yield f"  cause: {letter.cause.id}, record of {_time(letter.timestamp)}"
    for name, said in letter.facts.items():
        for number, line in enumerate(said.splitlines() or [""]):
            yield f"  {name}: {line}" if number == 0 else f"    {line}"
    if content:
        yield f"  key: {_text(letter.key)}"
        yield f"  value: {_text(letter.value)}"
        for name, held in letter.headers:
            yield f"  header {name}: {_text(held)}"
    else:
        sizes = [
            f"{part} of {len(held)} bytes" if held is not None else f"no {part}"
            for part, held in (("key", letter.key), ("value", letter.value))
        ]
        yield f"  {', '.join(sizes)}, {len(letter.headers)} headers"


def _as_dict(letter: Letter, *, content: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp": letter.timestamp,
        "cause": letter.cause.id,
        "facts": dict(letter.facts),
    }
    if content:
        made["key"] = _text(letter.key)
        made["value"] = _text(letter.value)
        made["headers"] = [[name, _text(held)] for name, held in letter.headers]
    return made


def _text(content: bytes | None) -> str | None:
    """Return bytes as text; those that are no UTF-8 as Python keeps them."""
    return None if content is None else content.decode("utf-8", "surrogateescape")
