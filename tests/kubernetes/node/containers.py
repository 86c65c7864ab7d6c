# SPDX-License-Identifier: Apache-2.0
"""containerd's files: its configuration and the network of its pods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAUSE = "localhost/pause:1"


def configure(directory: Path, pods: str) -> Path:
    """Lay out what containerd needs.

    Args:
        directory: gets its files; its socket will be ``containerd.sock`` there.
        pods: the addresses of the pods, in CIDR notation.

    Returns:
        The configuration file.
    """
    (directory / "cni").mkdir()
    (directory / "cni" / "pods.conflist").write_text(json.dumps(_network(directory, pods)))
    config = directory / "containerd.toml"
    config.write_text(_configuration(directory))
    return config


def _network(directory: Path, pods: str) -> dict[str, Any]:
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "ipMasq": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(directory / "addresses"),
                    "ranges": [[{"subnet": pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _configuration(directory: Path) -> str:
    return f"""version = 2
root = "{directory}/containerd"
state = "{directory}/containerd-state"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
]
[grpc]
address = "{directory}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "{directory}/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{directory}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""
