# SPDX-License-Identifier: Apache-2.0
"""For each rule one way to weaken the example overlay; `check` must name the rule for it."""

from __future__ import annotations

from tests.manifests import (
    mutations_cluster,
    mutations_flink,
    mutations_flink_programs,
    mutations_pods,
    mutations_proxy,
)
from tests.manifests.documents import Mutation

MUTATIONS: dict[str, Mutation] = (
    mutations_pods.MUTATIONS
    | mutations_cluster.MUTATIONS
    | mutations_flink.MUTATIONS
    | mutations_flink_programs.MUTATIONS
    | mutations_proxy.MUTATIONS
)
