# SPDX-License-Identifier: Apache-2.0
"""What the sections of the settings are made of: their base, types of values, what they decide.

The settings put sections together; whoever declares one of its own, such as a kind of key
provider, needs no more than this.
"""
