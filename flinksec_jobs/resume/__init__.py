# SPDX-License-Identifier: Apache-2.0
"""Where a job goes on from: one rule, in every mode, that asks whose a checkpoint is."""
