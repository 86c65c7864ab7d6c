# SPDX-License-Identifier: Apache-2.0
"""What an nginx does with a request, by its configuration: as far as a proxy of REST needs it."""

from .directives import Directive, Unclear, parse
from .requests import Answer, Request, answers

__all__ = ["Answer", "Directive", "Request", "Unclear", "answers", "parse"]
