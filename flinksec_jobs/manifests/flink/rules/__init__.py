# SPDX-License-Identifier: Apache-2.0
"""Rules about Flink, a file a theme; `flinksec_jobs.manifests.check` finds them."""
