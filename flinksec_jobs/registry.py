# SPDX-License-Identifier: Apache-2.0
"""What there is of a kind, where each is a file of one package: found by listing the files.

A new one is then one new file, and no list has to name it. The name is that of the file; files
whose names begin with an underscore are none.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names(package: ModuleType) -> tuple[str, ...]:
    """Return the names of all, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def module(package: ModuleType, name: str) -> ModuleType:
    """Return the module of one.

    Args:
        package: holds them.
        name: one of `names`.
    """
    return importlib.import_module(f"{package.__name__}.{name}")
