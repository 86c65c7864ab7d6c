# SPDX-License-Identifier: Apache-2.0
"""Rules about any Kubernetes object, a file a theme; `flinksec_jobs.manifests.check` finds them."""
