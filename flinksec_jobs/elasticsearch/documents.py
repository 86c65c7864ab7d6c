# SPDX-License-Identifier: Apache-2.0
"""What a job says about the documents of a sink: operation, id, routing, version and the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from flinksec_jobs import choices
from flinksec_jobs.errors import SettingsError

Operation = Literal["index", "create", "update", "upsert", "delete"]
"""``index`` takes the place of the document with its id; ``create`` leaves the one that is there;
``update`` changes its fields; ``upsert`` does, or writes the first one; ``delete``. The enum
``Operation`` has the same in Java."""

_TEXTS = (
    "id_field",
    "operation_field",
    "routing_field",
    "version_field",
    "pipeline",
    "script",
    "stored_script",
)


@dataclass(frozen=True)
class Documents:
    """What is done with documents; see ``SecureJob.to_elasticsearch``."""

    id_field: str | None = None
    id_fields: Sequence[str] = ()
    operation: Operation = "index"
    operation_field: str | None = None
    routing_field: str | None = None
    version_field: str | None = None
    version_conflict: Literal["success", "bad"] = "success"
    exclude: Sequence[str] = ()
    omit_nulls: bool = False
    pipeline: str | None = None
    require_alias: bool = False
    dynamic_templates: Mapping[str, str] = field(default_factory=dict)
    script: str | None = None
    stored_script: str | None = None

    def check(self) -> None:
        """Refuse what is of another type, says nothing, or contradicts itself.

        Raises:
            SettingsError: it names the argument.
        """
        choices.require("operation", self.operation, get_args(Operation))
        choices.require("version_conflict", self.version_conflict, ("success", "bad"))
        for name in _TEXTS:
            choices.require_text(name, getattr(self, name))
        for name in ("id_fields", "exclude"):
            _require_fields(name, getattr(self, name))
        for name in ("omit_nulls", "require_alias"):
            if not isinstance(value := getattr(self, name), bool):
                raise SettingsError(
                    f"{name} is {type(value).__name__}: it must be True or False",
                    hint=f"write {name}=True, or leave it out",
                )
        templates = self.dynamic_templates
        if not isinstance(templates, Mapping) or not all(
            isinstance(text, str) for pair in templates.items() for text in pair
        ):
            raise SettingsError(
                "dynamic_templates must be a dict of texts: the field, and the template's name",
                hint='write dynamic_templates={"notes": "as_text"}',
            )
        if self.id_field is not None and self.id_fields:
            raise SettingsError("id_field and id_fields are two ids", hint="remove one of them")
        if self.script is not None and self.stored_script is not None:
            raise SettingsError(
                "script and stored_script are two scripts", hint="remove one of them"
            )
        updates = self.operation in {"update", "upsert"} or self.operation_field is not None
        if not updates and (self.script is not None or self.stored_script is not None):
            raise SettingsError(
                f"a script is what updates do, and the operation is {self.operation!r}",
                hint='write operation="update" or "upsert"',
            )

    def options(self) -> dict[str, str]:
        """Return it as flat options of the JVM's sink, which also checks them with the record."""
        given = {
            "id_field": self.id_field,
            "id_fields": "\n".join(self.id_fields),
            "operation": "" if self.operation == "index" else self.operation,
            "operation_field": self.operation_field,
            "routing_field": self.routing_field,
            "version_field": self.version_field,
            "version_conflict_is_success": "false" if self.version_conflict == "bad" else None,
            "exclude": "\n".join(self.exclude),
            "omit_nulls": "true" if self.omit_nulls else None,
            "pipeline": self.pipeline,
            "require_alias": "true" if self.require_alias else None,
            "dynamic_templates": (
                json.dumps(dict(self.dynamic_templates)) if self.dynamic_templates else None
            ),
            "script": self.script,
            "stored_script": self.stored_script,
        }
        return {name: value for name, value in given.items() if value}


def _require_fields(name: str, value: object) -> None:
    if isinstance(value, list | tuple):
        # A line break would make two of one.
        if all(isinstance(one, str) and one.strip() and "\n" not in one for one in value):
            return
        found = "holds something else than names"
    else:
        found = "is text" if isinstance(value, str) else f"is of the type {type(value).__name__}"
    raise SettingsError(
        f"{name} {found}: it must be a list of fields",
        hint=f'write {name}=["airline", "number"]',
    )
