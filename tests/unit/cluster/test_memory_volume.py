# SPDX-License-Identifier: Apache-2.0
"""Which file system a directory lies on."""

from pathlib import Path

import pytest

from flinksec_jobs.cluster.memory_volume import file_system, is_in_memory

MOUNTS = """\
20 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
21 20 0:20 / /tmp rw,nosuid - tmpfs tmpfs rw,size=64m
22 21 254:2 / /tmp/disk rw - xfs /dev/vdb rw
23 20 0:21 / /over rw - ext4 /dev/vdc rw
24 20 0:22 / /over rw - tmpfs tmpfs rw
25 20 0:23 / /a\\040b rw - ramfs none rw
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/", "ext4"),
        ("/tmp", "tmpfs"),
        ("/tmp/a/b", "tmpfs"),
        ("/tmpx", "ext4"),
        ("/tmp/disk/a", "xfs"),
        ("/over", "tmpfs"),
        ("/a b/c", "ramfs"),
    ],
)
def test_the_nearest_and_latest_mount_counts(tmp_path: Path, directory: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system(Path(directory), mounts) == kind
    assert is_in_memory(Path(directory), mounts) is (kind in {"tmpfs", "ramfs"})


def test_what_cannot_be_told_is_not_taken_for_memory(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "absent") is None
    assert not is_in_memory(tmp_path, tmp_path / "absent")


def test_shared_memory_is_memory() -> None:
    assert is_in_memory(Path("/dev/shm"))
