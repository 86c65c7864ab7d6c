# SPDX-License-Identifier: Apache-2.0
"""What an nginx does with a request, by its configuration: as far as a proxy of REST needs it."""

from flinksec_jobs.manifests.flink.nginx.directives import Directive, Unclear, parse
from flinksec_jobs.manifests.flink.nginx.requests import Answer, Request, answers

__all__ = ["Answer", "Directive", "Request", "Unclear", "answers", "parse"]
