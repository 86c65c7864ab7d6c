# SPDX-License-Identifier: Apache-2.0
"""``flinksec init``: a job, its settings, a test that runs, and an overlay to deploy it."""

from __future__ import annotations

import importlib.metadata
import keyword
import re
import shutil
import sys
from pathlib import Path

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.files import reason
from flinksec_jobs.scaffold.overlay import simplify
from flinksec_jobs.shipped import shipped

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")
# What the templates and the overlay that is copied are called.
_TEMPLATE = ("my-job", "my_job")
_EXAMPLE = ("flight-delays", "flight_delays")
_KUBERNETES = "docker/kubernetes"


def create(name: str, parent: Path) -> list[Path]:
    """Make the folder of a new job.

    Args:
        name: of the job, its image and its namespace: lower case, digits and dashes.
        parent: the folder below which it is made.

    Returns:
        The files, sorted.

    Raises:
        FlinkSecError: the name will not do, or something of that name is there already.
    """
    if not _NAME.fullmatch(name):
        raise FlinkSecError(
            f"a job cannot be called {name!r}",
            hint="take lower case letters, digits and dashes, at most 50, such as late-flights: "
            "it names an image and a Kubernetes namespace too",
        )
    if _is_taken(name.replace("-", "_")):
        raise FlinkSecError(
            f"a job cannot be called {name}, as Python has a module or a word of that name",
            hint="take a name of your own, such as late-flights: its module would stand in the "
            "other's place",
        )
    target = parent / name
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise FlinkSecError(
            f"{target} exists already", hint="nothing is overwritten: take another name"
        ) from None
    except OSError as error:
        raise FlinkSecError(
            f"{target} cannot be made: {reason(error)}",
            hint="go to a folder that you may write",
        ) from error
    module = name.replace("-", "_")
    own = (name, module)
    templates = {
        "job.py": f"{module}.py",
        "settings.toml": f"{module}.toml",
        "test_job.py": f"test_{module}.py",
        "README.md": "README.md",
        "measurements.jsonl": "measurements.jsonl",
    }
    for template, file in templates.items():
        text = Path(__file__).with_name(f"{template}.tmpl").read_text("utf-8")
        (target / file).write_text(_renamed(text, _TEMPLATE, own), "utf-8")
    _copy_manifests(target / "kubernetes", own)
    return sorted(path for path in target.rglob("*") if path.is_file())


def _is_taken(module: str) -> bool:
    """Whether a program of this name could not be imported, or would be in another one's place."""
    return (
        keyword.iskeyword(module)
        or module in sys.stdlib_module_names
        or module == __name__.partition(".")[0]
        or module in importlib.metadata.packages_distributions()
    )


def _copy_manifests(target: Path, own: tuple[str, str]) -> None:
    source = shipped(_KUBERNETES)
    for folder in ("base", "components"):
        shutil.copytree(source / folder, target / folder)
    overlay = target / "overlays" / own[0]
    shutil.copytree(source / "overlays" / "example", overlay)
    for path in overlay.iterdir():
        text = path.read_text("utf-8").replace("jobs/flight_delays", own[1])
        text = text.replace("The flight job", f"The job {own[0]}").replace("the flight job", own[0])
        path.write_text(_renamed(text, _EXAMPLE, own), "utf-8")
    simplify(overlay)


def _renamed(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    for before, after in zip(old, new, strict=True):
        text = text.replace(before, after)
    return text
