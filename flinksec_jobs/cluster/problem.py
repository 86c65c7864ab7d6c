# SPDX-License-Identifier: Apache-2.0
"""One thing that is wrong with a Flink configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Options = Mapping[str, object]
"""A Flink configuration: options by their full names."""


@dataclass(frozen=True)
class ConfigProblem:
    """One thing that is wrong with a Flink configuration.

    Attributes:
        rule: its name, such as ``rest-authentication-without-truststore``.
        option: the Flink option, or the logger.
        why: what happens.
        fix: the way out.
    """

    rule: str
    option: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.option}: {self.why} [{self.rule}]. {self.fix}"
