# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Images and containers without Docker: source it after lib.sh and debian.sh. Everything that podman
# and buildah store lies in a cache of our own, outside the checkout.

CONTAINERS=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}/containers
BOOTSTRAPPED=localhost/flinksec-base:bookworm

# use_containers: installs the tools and points them at the cache.
use_containers() {
  local debian
  mapfile -t debian < <(packages_in "$ROOT/requirements/debian-image.txt")
  need_debian "${debian[@]}"
  mkdir -p -- "$CONTAINERS"
  # Two at a time may build; only one may set up.
  exec 8>"$CONTAINERS/lock"
  flock 8
  write_storage_conf
  write_containers_conf
  write_pip_conf
  export CONTAINERS_STORAGE_CONF=$CONTAINERS/storage.conf CONTAINERS_CONF=$CONTAINERS/containers.conf
  # In a chroot: in a container that is itself one, runc may not be allowed what a build needs.
  export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
  flock --unlock 8
}

write_storage_conf() {
  cat >"$CONTAINERS/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$CONTAINERS/graph"
runroot = "$CONTAINERS/run"
EOF
}

# Limits no higher than our own: raising them needs a right that not every root has.
write_containers_conf() {
  cat >"$CONTAINERS/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=$(ulimit -n):$(ulimit -n)", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
EOF
}

# write_pip_conf: the machine's own configuration of pip, which may hold the password of an index,
# as the build mounts it. The made-up password is what tests/image looks for in the layers.
write_pip_conf() {
  local file=$CONTAINERS/pip.conf password own
  password=$(sed -n 's/^# password = //p' "$file" 2>/dev/null || true)
  [[ -n $password ]] || password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  (
    umask 077
    echo "# password = $password"
    for own in "${PIP_CONFIG_FILE:-}" "$HOME/.config/pip/pip.conf" /etc/pip.conf; do
      if [[ -f $own ]]; then
        sed '/^[[:space:]]*cert[[:space:]]*=/d' "$own"
        break
      fi
    done
  ) >"$file.new"
  mv -- "$file.new" "$file"
}

# base_image: prints what to build on: BASE_IMAGE, a Debian that was bootstrapped here before, that
# of the registry if it can be reached, or one bootstrapped now from Debian's packages.
base_image() {
  local registry=docker.io/library/debian:bookworm-slim
  if [[ -n ${BASE_IMAGE:-} ]]; then
    echo "$BASE_IMAGE"
  elif buildah inspect --type image "$BOOTSTRAPPED" >/dev/null 2>&1; then
    echo "$BOOTSTRAPPED"
  elif timeout 20 buildah pull --quiet "$registry" >/dev/null 2>&1; then
    echo "$registry"
  else
    step "Debian bookworm, as no registry is reached" bootstrap
    echo "$BOOTSTRAPPED"
  fi
}

# bootstrap: a minimal Debian, without documentation as in the image of that name.
bootstrap() {
  local work container
  work=$(mktemp -d)
  mmdebstrap --quiet --variant=minbase --mode=root \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    bookworm "$work/base.tar"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/base.tar" /
  buildah commit --quiet --rm "$container" "$BOOTSTRAPPED"
  rm -rf -- "$work"
}
