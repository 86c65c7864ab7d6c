#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz_policies.sh [OPTION...]: random NetworkPolicies, judged by `manifests check` and by another
# project's evaluator; --help lists the options.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

FLINKSEC_POLICY_REFEREE=$(scripts/policy_referee.sh)
export FLINKSEC_POLICY_REFEREE
exec "$VENV/bin/python" -m tests.manifests.fuzz_policies "$@"
