# SPDX-License-Identifier: Apache-2.0
"""A job looked at from inside its cluster: its graph built, its state read, neither changed."""
