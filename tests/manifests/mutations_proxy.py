# SPDX-License-Identifier: Apache-2.0
"""The proxy in front of REST."""

from __future__ import annotations

from tests.manifests.documents import Documents, Mutation


def _cancel(d: Documents) -> None:
    d.proxy('yarn-cancel$" 0;', 'yarn-cancel$" 1;')
    d.proxy('"~*yarn-" 1;', "")


MUTATIONS: dict[str, Mutation] = {
    "proxy-unclear": lambda d: d.proxy("listen 8443", "include more.conf; listen 8443"),
    "proxy-cancel": _cancel,
    "proxy-paths": lambda d: d.proxy("if ($is_allowed = 0)", "if ($is_yarn)"),
    "proxy-methods": lambda d: d.proxy("limit_except GET {", "limit_except GET POST PATCH {"),
    "proxy-open": lambda d: d.proxy('auth_basic "Flink";', "auth_basic off;"),
    "proxy-clear": lambda d: d.proxy("listen 8443 ssl;", "listen 8443;"),
    "proxy-upstream": lambda d: d.proxy("proxy_ssl_verify on;", "proxy_ssl_verify off;"),
    "proxy-other-sites": lambda d: d.proxy('"~^1 0 000 [01]$" 1;', '"~^1 0 [01]{3} [01]$" 1;'),
}
