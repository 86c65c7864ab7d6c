# SPDX-License-Identifier: Apache-2.0
"""The certificates of a cluster: made, looked at, rotated."""
