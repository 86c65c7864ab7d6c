# SPDX-License-Identifier: Apache-2.0
"""The mechanisms of SASL, a file each: its name is the mechanism's."""
