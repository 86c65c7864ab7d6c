#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of a guest: see guest.py. Kernel parameters come as variables.
# shellcheck disable=SC2154
X=$packages
export PATH="/run/bin:$X/usr/sbin:$X/usr/bin:$X/sbin:$X/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LD_LIBRARY_PATH="$X/usr/lib/x86_64-linux-gnu:$X/lib/x86_64-linux-gnu"
export HOME=/run TMPDIR=/run

prepare() {
  mount -t proc proc /proc
  mount -t sysfs sys /sys
  # What the programs of NFS write lies in memory; this machine's own files are read-only.
  mkdir /run/etc /run/lib /run/host-lib /run/export /run/volume /run/tmp
  cp -a /etc/. /run/etc/
  [ ! -f "$X/etc/netconfig" ] || cp "$X/etc/netconfig" /run/etc/
  grep -q ^_rpc: /run/etc/passwd ||
    echo '_rpc:x:9901:65534::/run/rpcbind:/usr/sbin/nologin' >>/run/etc/passwd
  touch /run/etc/exports
  # Java asks for the address of its own name; nobody else is asked for one.
  printf '127.0.0.1 localhost\n10.0.0.1 server\n10.0.0.2 client\n' >/run/etc/hosts
  rm -f /run/etc/resolv.conf
  mount --bind /run/etc /etc
  mount --bind /var/lib /run/host-lib
  ln -s /run/host-lib/* /run/lib/
  rm -f /run/lib/nfs
  mkdir -p /run/lib/nfs/sm /run/lib/nfs/v4recovery /run/lib/nfs/rpc_pipefs
  touch /run/lib/nfs/etab /run/lib/nfs/rmtab /run/lib/nfs/state
  mount --bind /run/lib /var/lib

  # The package's links to it name the root of a machine.
  mkdir /run/bin
  for name in modprobe depmod; do ln -s "$(command -v kmod)" "/run/bin/$name"; done

  # Modules of the guest's kernel lie where no other kernel looks for its own.
  modules=/usr/lib/uml/modules/$(uname -r)
  [ ! -d "$X$modules" ] || modules=$X$modules
  mkdir -p /run/modules/lib/modules
  cp -rs "$modules" /run/modules/lib/modules/
  [ -f "$modules/modules.dep" ] || depmod -b /run/modules
  for module in nfsd nfsv3 nfsv4; do modprobe -d /run/modules "$module"; done

  ip link set lo up
  case $role in
    server) ip address add 10.0.0.1/24 dev vec0 ;;
    client) ip address add 10.0.0.2/24 dev vec0 ;;
  esac
  ip link set vec0 up
  hostname "$role"
}

mount -t tmpfs tmpfs /run
prepare >/run/init.log 2>&1
stty -F /dev/tty1 raw -echo
stty -F /dev/tty2 raw -echo
exec </dev/tty1 >/dev/tty1 2>&1
echo up
while read -r line; do
  eval "$line"
  echo "exit $?"
done
# Nobody is there any more.
echo o >/proc/sysrq-trigger
sleep 9
