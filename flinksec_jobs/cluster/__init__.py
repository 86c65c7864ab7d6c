# SPDX-License-Identifier: Apache-2.0
"""What runs in a container: Flink's configuration, its trust stores, and the entry point."""
