# SPDX-License-Identifier: Apache-2.0
"""The control plane and the one node of a cluster: etcd to kubelet, names and policies."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.kubernetes.node import containers, dns, images
from tests.kubernetes.node.authority import Authority
from tests.kubernetes.node.kubectl import Kubectl
from tests.kubernetes.node.machine import Machine

NAME = "node-1"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
_FIRST_SERVICE = "10.96.0.1"
_DNS_SERVICE = "10.96.0.10"
_ETCD = "http://127.0.0.1:2379"


class Node:
    """A Kubernetes cluster of one node.

    Args:
        directory: for its files; not a tmpfs, for the containers' layers lie there.
        programs: what ``scripts/kubernetes_programs.sh`` has built.
        network: the first three numbers of the addresses between this machine and the node.
        hosts: names that pods resolve beside the cluster's own, by address.
    """

    def __init__(
        self, directory: Path, programs: Path, network: str, hosts: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.machine = Machine(directory, network)
        self.programs = programs
        self._hosts = hosts
        self._api_server: subprocess.Popen[bytes] | None = None
        self._authority = Authority(directory / "pki")
        self.server = f"https://{self.machine.address}:6443"
        self.kubectl = Kubectl(self.programs / "kubectl", self._user("admin", "system:masters"))

    def _user(self, name: str, *groups: str) -> Path:
        return self._authority.kubeconfig(
            name.removeprefix("system:").replace(":", "-"), self.server, name, groups=groups
        )

    def start(self) -> None:
        """Start everything on the started machine, until the node is ready and names resolve."""
        self._start_control_plane()
        self._start_containerd()
        self.kubectl.wait_for("the API server is ready", self._is_api_ready, seconds=180)
        self._start_controllers()
        self._start_kubelet()
        self.kubectl.wait_for("the node is ready", self._is_node_ready, seconds=120)
        self.machine.daemon(
            "policy",
            [
                self.programs / "policy",
                f"--kubeconfig={self._user('policy', 'system:masters')}",
                f"--hostname-override={NAME}",
                f"--service-cluster-ip-range={SERVICES}",
            ],
        )
        self._start_dns()

    def stop(self) -> None:
        """End everything at once and take its control groups away."""
        self.machine.stop()
        self._remove_control_groups()

    def take_api_server_away(self, *, hangs: float, gone: float) -> None:
        """Let the API server hang, then kill it, and start it again some seconds later."""
        started = self._api_server
        assert started is not None
        (server,) = [
            one
            for one in psutil.Process(started.pid).children(recursive=True)
            if one.name() == "kube-apiserver"
        ]
        self.kubectl.there.clear()
        try:
            server.suspend()
            time.sleep(hangs)
            server.kill()
            started.kill()  # nsenter, which stands still when what it runs does
            started.wait()
            time.sleep(gone)
            again = self.machine.daemon("kube-apiserver", self._api_server_command)
            self._api_server = again
            while not self._answers():
                assert again.poll() is None, "the API server has not started again"
                time.sleep(0.5)
        finally:
            self.kubectl.there.set()

    @property
    def pod_logs(self) -> Path:
        """Where the logs of containers are, until their pods are deleted."""
        return self.directory / "pod-logs"

    def import_image(self, archive: Path) -> None:
        """Give an image to the node, from an archive of ``docker save`` or an OCI archive."""
        self._ctr("images", "import", str(archive))

    def _ctr(self, *arguments: str) -> str:
        socket = str(self.directory / "containerd.sock")
        return self.machine.run("ctr", f"--address={socket}", "--namespace=k8s.io", *arguments)

    def _start_control_plane(self) -> None:
        peer = "http://127.0.0.1:2380"
        self.machine.daemon(
            "etcd",
            [
                self.programs / "etcd",
                "--name=etcd",
                f"--data-dir={self.directory / 'etcd'}",
                f"--listen-client-urls={_ETCD}",
                f"--advertise-client-urls={_ETCD}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=etcd={peer}",
                "--unsafe-no-fsync",  # it need not survive this test run
                "--log-level=warn",
            ],
        )
        tokens = self._authority.token_keys()
        self._tokens = tokens
        names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
        server = self._authority.pair(
            "apiserver",
            "kube-apiserver",
            names=[*names, "127.0.0.1", self.machine.address, _FIRST_SERVICE],
        )
        to_kubelet = self._authority.pair(
            "apiserver-kubelet", "kube-apiserver-kubelet", groups=["system:masters"]
        )
        self._api_server_command: list[str | Path] = [
            self.programs / "kube-apiserver",
            f"--etcd-servers={_ETCD}",
            "--secure-port=6443",
            f"--advertise-address={self.machine.address}",
            f"--client-ca-file={self._authority.file}",
            f"--tls-cert-file={server.certificate}",
            f"--tls-private-key-file={server.key}",
            f"--service-account-key-file={tokens.certificate}",
            f"--service-account-signing-key-file={tokens.key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--kubelet-client-certificate={to_kubelet.certificate}",
            f"--kubelet-client-key={to_kubelet.key}",
            f"--kubelet-certificate-authority={self._authority.file}",
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            # Only Pod Security may stand in the way.
            "--allow-privileged=true",
            f"--service-cluster-ip-range={SERVICES}",
        ]
        self._api_server = self.machine.daemon("kube-apiserver", self._api_server_command)

    def _start_controllers(self) -> None:
        for name, options in {
            "kube-controller-manager": [
                "--use-service-account-credentials=true",
                f"--service-account-private-key-file={self._tokens.key}",
                f"--root-ca-file={self._authority.file}",
                f"--cluster-cidr={PODS}",
                f"--service-cluster-ip-range={SERVICES}",
            ],
            "kube-scheduler": [],
        }.items():
            access = self._user(f"system:{name}")
            self.machine.daemon(
                name,
                [
                    # They may end with the API server, and are started again, as by a kubelet.
                    *("sh", "-c", 'until "$@"; do sleep 1; done', "sh"),
                    self.programs / name,
                    f"--kubeconfig={access}",
                    f"--authentication-kubeconfig={access}",
                    f"--authorization-kubeconfig={access}",
                    "--leader-elect=false",
                    *options,
                ],
            )
        proxy = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": str(self._user("system:kube-proxy"))},
            "clusterCIDR": PODS,
            "hostnameOverride": NAME,
            # These are the machine's, and not ours to change.
            "conntrack": {"maxPerCore": 0, "min": 0},
        }
        self.machine.daemon(
            "kube-proxy",
            [self.programs / "kube-proxy", f"--config={self._json('kube-proxy', proxy)}"],
        )

    def _start_containerd(self) -> None:
        config = containers.configure(self.directory, PODS)
        self.machine.daemon("containerd", ["containerd", f"--config={config}"])
        self.kubectl.wait_for("containerd answers", self._is_containerd_ready, seconds=60)
        pause = images.of_program(
            self.programs / "pause", containers.PAUSE, self.directory / "pause.tar"
        )
        self.import_image(pause)

    def _start_kubelet(self) -> None:
        pair = self._authority.pair(
            "kubelet", f"system:node:{NAME}", names=[NAME, self.machine.address]
        )
        config = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self._control_group(),
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self._authority.file)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(pair.certificate),
            "tlsPrivateKeyFile": str(pair.key),
            "containerRuntimeEndpoint": f"unix://{self.directory}/containerd.sock",
            "clusterDNS": [_DNS_SERVICE],
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            "podLogsDir": str(self.pod_logs),
            "volumePluginDir": str(self.directory / "volume-plugins"),
            "syncFrequency": "5s",
            "evictionHard": {"memory.available": "100Mi"},
            "enforceNodeAllocatable": [],
        }
        access = self._user(f"system:node:{NAME}", "system:nodes")
        self._make_control_group()
        self.machine.daemon(
            "kubelet",
            [
                self.programs / "kubelet",
                f"--config={self._json('kubelet', config)}",
                f"--kubeconfig={access}",
                f"--hostname-override={NAME}",
                f"--node-ip={self.machine.address}",
                f"--root-dir={self.directory / 'kubelet'}",
                f"--cert-dir={self.directory / 'kubelet-certificates'}",
            ],
        )

    def _start_dns(self) -> None:
        archive = images.of_program(
            self.programs / "dns", "localhost/dns:1", self.directory / "dns.tar"
        )
        self.import_image(archive)
        self.kubectl.apply(*dns.objects(_DNS_SERVICE, self._hosts))
        self.kubectl(
            *("-n", "kube-system", "rollout", "status", "deployment/kube-dns", "--timeout=120s")
        )

    def _json(self, name: str, content: dict[str, Any]) -> Path:
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(content, indent=2))
        return path

    def _is_containerd_ready(self) -> bool:
        try:
            return bool(self._ctr("version"))
        except RuntimeError:
            return False

    def _is_api_ready(self) -> bool:
        return self.kubectl("get", "--raw", "/readyz") == "ok"

    def _answers(self) -> bool:
        command = [*self.kubectl.command, "get", "--raw", "/readyz"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout == "ok"

    def _is_node_ready(self) -> bool:
        conditions = self.kubectl.get("node", NAME)["status"]["conditions"]
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _control_group(self) -> str:
        return f"/flinksec-{self.machine.address.replace('.', '-')}"

    def _make_control_group(self) -> None:
        for controller in _controllers():
            group = controller / self._control_group().lstrip("/")
            group.mkdir(exist_ok=True)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (group / setting).exists():
                    (group / setting).write_text((controller / setting).read_text())
            # By default all pods together weigh as much as one thread beside them.
            for setting, weight in {"cpu.shares": 4096, "cpu.weight": 400}.items():
                if (group / setting).exists():
                    (group / setting).write_text(str(weight))

    def _remove_control_groups(self) -> None:
        for controller in _controllers():
            top = controller / self._control_group().lstrip("/")
            groups = [path for path in top.rglob("*") if path.is_dir()] if top.exists() else []
            for group in [*sorted(groups, reverse=True), top]:
                subprocess.run(["rmdir", str(group)], check=False, capture_output=True)


def _controllers() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return [root]
    return [path for path in root.iterdir() if path.is_dir() and not path.is_symlink()]
