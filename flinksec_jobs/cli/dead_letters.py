# SPDX-License-Identifier: Apache-2.0
"""``flinksec dead-letters``: look at records that a job could not use, and send them back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from typing import Any

import click

from flinksec_jobs.cli.letters_shown import Asked, Chosen, bar, say_groups, say_more, show_first
from flinksec_jobs.cli.output import say, say_json, several
from flinksec_jobs.dead_letter_topics import in_index
from flinksec_jobs.dead_letter_topics.broker import Broker, connected
from flinksec_jobs.dead_letter_topics.groups import grouped
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.dead_letter_topics.replay import (
    Gone,
    Replay,
    Survey,
    begin,
    check_destinations,
    send,
    survey,
    to_go,
)
from flinksec_jobs.dead_letter_topics.topic import extent, letters
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import KafkaSettings, Settings, load_settings

_PATH = click.Path(dir_okay=False, path_type=Path)
_MORE = 90
_PLACE = re.compile(r"([0-9]{1,9}):([0-9]{1,18})")


class _Place(click.ParamType["tuple[int, int]"]):
    """A place in a topic, ``PARTITION:OFFSET``."""

    name = "place"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Return partition and offset."""
        found = _PLACE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no PARTITION:OFFSET, such as 0:4711", param, ctx)
        return int(found[1]), int(found[2])


def _of_a_topic(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all commands take, and give it to the command as one."""
    names = [one.name for one in fields(Asked)]

    @wraps(command)
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


_index = click.option(
    "--index",
    metavar="NAME",
    help="In the place of TOPIC: the index of Elasticsearch that keeps a sink's letters.",
)


@dead_letters.command()
@_of_a_topic
@_index
def ls(asked: Asked, as_json: bool, index: str | None) -> None:
    """List the letters of TOPIC by their cause.

    Of each cause it tells how many there are, since when, and what is said of them.
    """
    if index is not None:
        with _in_index(asked, index) as found:
            read = Chosen(asked, index, found)
            groups = grouped((letter, False) for letter in read)
        read.check_causes()
        say_groups(groups, "index", index, as_json=as_json)
        return
    with _opened(asked) as (broker, settings, name):
        made = _replay(settings, name)
        gone = Gone(made, partial(broker.offsets, topic=name))
        there = extent(broker, name)
        with bar("read") as advance:
            read = Chosen(asked, name, letters(broker, there, advance))
            groups = grouped((letter, gone.has(letter)) for letter in read)
    read.check_causes()
    say_groups(groups, "topic", name, as_json=as_json)


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
@click.option(
    "--from",
    "start",
    type=_Place(),
    metavar="PARTITION:OFFSET",
    help="Begin there; the last line of a page tells where the next one begins.",
)
@click.option("--content", is_flag=True, help="Show keys, values and headers, too.")
@_index
def show(
    asked: Asked,
    *,
    as_json: bool,
    index: str | None,
    most: int,
    start: tuple[int, int] | None,
    content: bool,
) -> None:
    """Show letters of TOPIC one by one.

    Of each it tells where it came from, and why it is dead.
    """
    if index is not None:
        if start is not None:
            raise SettingsError(
                "--from is a place in a topic, and --index names none",
                hint="raise --max, or choose by --cause and --job",
            )
        with _in_index(asked, index) as found:
            read = Chosen(asked, index, found)
            more = show_first(read, most, as_json=as_json, content=content)
        if more is None:
            read.check_causes()
        else:
            say_more(f"--max {most + _MORE}", as_json=as_json)
        return
    with _opened(asked) as (broker, _, name):
        there = extent(broker, name)
        if start is not None:
            there = there.behind(*start)
        with bar("read") as advance:
            read = Chosen(asked, name, letters(broker, there, advance))
            more = show_first(read, most, as_json=as_json, content=content)
    if more is None and start is None:
        read.check_causes()
    if more is not None:
        say_more(f"--from {more.partition}:{more.offset}", as_json=as_json)


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
        if to == name:
            raise SettingsError(
                f"--to names {name}, from which letters are to go",
                hint="name another topic: there the records would lie among the letters, without "
                "what is known of them",
            )
        made = _replay(settings, name, to)
        offsets = partial(broker.offsets, topic=name)
        there, before = extent(broker, name), Gone(made, offsets)
        with bar("read") as advance:
            read = Chosen(asked, name, letters(broker, there, advance))
            found = survey(read, made, before, most)
        read.check_causes()
        job = _job(settings, found)
        sent = found.to_go
        check_destinations(broker, made, found)
        if not dry_run and sent:
            producer = begin(broker, made, job)
            # Asked anew: from here on nobody else sends.
            gone = Gone(made, offsets)
            there = there.starting(found.firsts)
            again = Chosen(asked, name, letters(broker, there))
            with bar("sent", found.total) as advance:
                left = islice(to_go(again, made, gone), found.total)
                sent = send(producer, made, left, advance)
    _say_sent(found, sent, as_json=as_json, dry_run=dry_run)


def _say_sent(found: Survey, sent: dict[str, int], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        say_json(
            {
                "dry_run": dry_run,
                "sent": sent,
                "sent_before": found.before,
                "without_a_record": found.elements,
            }
        )
        return
    for target, count in sorted(sent.items()):
        verb = "would be" if dry_run else ("was" if count == 1 else "were")
        say(f"{several(count, 'letter')} {verb} sent to {target}")
    if not sent:
        say(f"no letters {'would be' if dry_run else 'were'} sent")
    if found.before:
        say(f"{several(found.before, 'letter')} had been sent before")
    if missed := found.total - sum(sent.values()):
        say(f"sent by another replay meanwhile, or deleted: {several(missed, 'letter')}")
    if found.elements:
        told = "letter holds" if found.elements == 1 else "letters hold"
        say(f"{found.elements} {told} no record that was read: --to TOPIC sends them")


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


@contextmanager
def _in_index(asked: Asked, index: str) -> Iterator[Iterator[Letter]]:
    for given, what in ((asked.topic, "TOPIC"), (asked.cluster, "--cluster")):
        if given is not None:
            raise SettingsError(
                f"--index names an index, and {what} is of topics", hint="give one of the two"
            )
    settings = load_settings(asked.settings_file)
    with bar("read") as advance, in_index.opened(settings, index, advance) as found:
        yield found


def _replay(settings: Settings, topic: str, to: str | None = None) -> Replay:
    return Replay(topic, settings.need(KafkaSettings).transactional_id_prefix, to)


def _job(settings: Settings, found: Survey) -> str:
    """Return the job whose transactional id a replay takes, for which its login has its rights."""
    own = settings.need(KafkaSettings).transactional_id_prefix
    if own or len(found.jobs) <= 1:
        return own or next(iter(found.jobs), "none")
    raise SettingsError(
        f"the letters are of several jobs: {', '.join(sorted(found.jobs))}",
        hint="choose one: --job NAME",
    )
