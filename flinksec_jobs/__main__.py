# SPDX-License-Identifier: Apache-2.0
"""``python -m flinksec_jobs`` is the command ``flinksec``."""

from flinksec_jobs.cli import main

main()
