# SPDX-License-Identifier: Apache-2.0
"""Third-party jars: locked by SHA-256, fetched once, verified at every use.

Jars come from, in this order:

1. the directory named by `FLINKSEC_JARS_DIR`, by file name; then nothing is ever fetched,
2. the cache: `FLINKSEC_CACHE`, else `$XDG_CACHE_HOME/flinksec`, else `~/.cache/flinksec`, or a
   temporary directory where this user has no home,
3. the Maven repository named by `FLINKSEC_MAVEN_MIRROR`, else Maven Central.
"""

import functools
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinksec_jobs.errors import ArtifactError
from flinksec_jobs.files import open_regular, unreadable
from flinksec_jobs.runtime import user_directories

LOCK_FILE = Path(__file__).with_name("jars.lock.json")
LIB_DIRECTORY = Path(__file__).parent.parent / "lib"
_FETCHERS = 4
_TIMEOUT_SECONDS = 60

Progress = Callable[[int, int], None]
"""Called with the bytes fetched so far and the bytes to fetch in all."""


@dataclass(frozen=True)
class LockedJar:
    """One jar of the lock file."""

    name: str
    coordinate: str
    sha256: str
    bytes: int


def jars(set_name: str, progress: Progress | None = None) -> list[Path]:
    """Return the verified jars of a set, fetching what the cache lacks.

    Args:
        set_name: a set of `jars.lock.json`, for example `flink-kafka`.
        progress: called while jars are fetched, from several threads, one at a time.

    Raises:
        ArtifactError: a jar is missing, cannot be fetched, or is not the locked one.
    """
    locked = locked_jars(set_name)
    offline = os.environ.get("FLINKSEC_JARS_DIR")
    directory = Path(offline) if offline else cache_directory() / "jars"
    missing = [jar for jar in locked if not (directory / jar.name).is_file()]
    if missing and offline:
        raise ArtifactError(
            f"FLINKSEC_JARS_DIR={offline} lacks {_names(missing)} of the set {set_name}",
            hint="copy the jars there, or unset FLINKSEC_JARS_DIR to have them fetched",
        )
    if missing:
        _fetch_all(missing, directory, progress)
    for jar in locked:
        _verify(directory / jar.name, jar)
    return [directory / jar.name for jar in locked]


def set_names() -> list[str]:
    """Return the names of all sets of jars."""
    return sorted(_lock()["sets"])


def locked_jars(set_name: str) -> list[LockedJar]:
    """Return what the lock file says about the jars of a set."""
    lock = _lock()
    try:
        names = lock["sets"][set_name]
    except KeyError:
        raise ArtifactError(f"no set of jars is called {set_name}") from None
    return [LockedJar(name=name, **lock["jars"][name]) for name in names]


def own_jar(name: str) -> Path:
    """Return a jar of this project by its name without `.jar`, for example `flinksec-sandbox`.

    Raises:
        ArtifactError: it has not been built.
    """
    path = LIB_DIRECTORY / f"{name}.jar"
    if not path.is_file():
        raise ArtifactError(
            f"{path.name} is not in {path.parent}",
            hint="build it in a checkout: cd connectors && mvn package",
        )
    return path


def cache_directory() -> Path:
    """Return the directory that holds what was fetched."""
    if own := os.environ.get("FLINKSEC_CACHE"):
        return Path(own)
    return user_directories.cache()


def artifact(context: Any, coordinate: str) -> Any:
    """Return jgo's artifact of ``group:artifact:version[:classifier:packaging]``."""
    group, name, version, *form = coordinate.split(":")
    return context.project(group, name).at_version(version).artifact(*form)


def remote_repositories() -> dict[str, str] | None:
    """Return the Maven repository to use in jgo's form; None means Maven Central."""
    mirror = os.environ.get("FLINKSEC_MAVEN_MIRROR")
    return {"mirror": mirror.rstrip("/")} if mirror else None


@functools.lru_cache(maxsize=1)
def _lock() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return content


def _names(locked: list[LockedJar]) -> str:
    first = ", ".join(jar.name for jar in locked[:3])
    return first if len(locked) <= 3 else f"{first} and {len(locked) - 3} more"  # noqa: PLR2004


def _verify(path: Path, jar: LockedJar) -> None:
    try:
        with open_regular(path) as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, "the jar", error, ArtifactError) from error
    if actual != jar.sha256:
        raise ArtifactError(
            f"{path} is not the locked {jar.coordinate}: "
            f"its SHA-256 is {actual}, the lock says {jar.sha256}",
            hint="find out who changed it, then delete it and have it fetched again",
        )


def _fetch_all(missing: list[LockedJar], directory: Path, progress: Progress | None) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    counter = _Counter(sum(jar.bytes for jar in missing), progress)
    with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch") as pool:
        fetches = [pool.submit(_fetch, jar, directory, counter) for jar in missing]
        try:
            for fetch in fetches:
                fetch.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch(jar: LockedJar, directory: Path, counter: "_Counter") -> None:
    # jgo takes seconds to import and is needed once per machine.
    from jgo.maven import MavenContext, PythonResolver

    # A directory of its own for each jar: what arrives is verified before it gets its name.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=directory) as scratch:
        context = MavenContext(
            resolver=PythonResolver(progress_callback=counter.file),
            repo_cache=Path(scratch),
            remote_repos=remote_repositories(),
            timeout=_TIMEOUT_SECONDS,
        )
        try:
            fetched = Path(artifact(context, jar.coordinate).resolve())
        except Exception as error:
            raise ArtifactError(
                f"{jar.coordinate} could not be fetched: {error}",
                hint="check the network; FLINKSEC_MAVEN_MIRROR names another Maven repository, "
                "FLINKSEC_JARS_DIR a directory that holds the jars",
            ) from error
        _verify(fetched, jar)
        fetched.replace(directory / jar.name)


class _Counter:
    """Adds up the bytes of parallel fetches for one progress callback."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self._guard = threading.Lock()

    @contextmanager
    def file(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield self._add

    def _add(self, count: int) -> None:
        with self._guard:
            self._done += count
            if self._progress:
                self._progress(self._done, self._total)
