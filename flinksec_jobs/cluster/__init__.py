# SPDX-License-Identifier: Apache-2.0
"""From the laptop to a cluster: Flink's configuration, certificates, images and manifests."""
