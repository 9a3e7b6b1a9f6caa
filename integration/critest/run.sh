#!/usr/bin/env bash
# run.sh CRITEST [ARGUMENT...]: runs critest (kubernetes-sigs/cri-tools) against the packaged daemon, with a daemon, a registry and a network
# of its own, in namespaces that end with it. Arguments go to critest, for example -ginkgo.focus 'PodSandbox'. As root.
#   CARAFE_DIST      the packaged daemon; target/carafe
#   DOCKER_REGISTRY  docker-registry of Debian; found by `./dev build test` in target/tools
#   CARAFE_WORK      directory for everything; a temporary one, removed at the end
#   BUSYBOX          busybox of Debian's package of that name; fetched into target/tools
#   CARAFE_CONFIG    more for the daemon's configuration; CRITEST_NRI=1 tests NRI, too
#   CRICTL           crictl, to run `crictl info` and the like first
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
critest=$(readlink -f "${1:?usage: run.sh CRITEST [ARGUMENT...]}")
if [ -z "${BUSYBOX:-}" ]; then
  tool=$top/target/tools/busybox
  if [ ! -d "$tool" ]; then
    mkdir -p "$tool.part"
    (cd "$tool.part" && apt-get -qq -o APT::Sandbox::User=root download busybox && dpkg -x busybox_*.deb .)
    mv "$tool.part" "$tool"
  fi
  export BUSYBOX=$tool/bin/busybox
fi
if [ -z "${CARAFE_INSIDE:-}" ]; then
  export CARAFE_INSIDE=1
  exec unshare --net --mount --ipc "$0" "$@"
fi
shift
dist=${CARAFE_DIST:-$top/target/carafe}
registry=${DOCKER_REGISTRY:-$(command -v docker-registry || echo "$top/target/tools/docker-registry/usr/bin/docker-registry")}
if [ -n "${CARAFE_WORK:-}" ]; then work=$CARAFE_WORK; else work=$(mktemp -d); fi
mkdir -p "$work"/{net.d,hosts/_default,run,logs}
ip link set lo up

pids=()
finish() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  # Containers outlive the daemon; a failed test may have left some.
  for pid in $(grep -lsz -e "$work/" /proc/[0-9]*/cmdline | cut -d/ -f3); do
    [ "$pid" = $$ ] || kill -9 "$pid" 2>/dev/null || true
  done
  if [ -z "${CARAFE_WORK:-}" ]; then
    awk -v w="$work/" 'index($5, w) == 1 {print $5}' /proc/self/mountinfo | sort -r | xargs -r -n1 umount -l
    rm -rf "$work"
  fi
}
trap finish EXIT

# ---- the registry that stands in for all others ---------------------------------------------------------------------

cat >"$work/registry.yml" <<CONFIG
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: 127.0.0.1:5000}
CONFIG
"$registry" serve "$work/registry.yml" >"$work/logs/registry" 2>&1 &
pids+=($!)
await() {
  local i
  for i in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  echo "run.sh: not ready: $*" >&2
  return 1
}
await curl -sf http://127.0.0.1:5000/v2/
digest=$("$top/integration/critest/images.sh" 127.0.0.1:5000 "$work/images")
cat >"$work/hosts/_default/hosts.toml" <<CONFIG
[host."http://127.0.0.1:5000"]
capabilities = ["pull", "resolve"]
CONFIG

# ---- the daemon -----------------------------------------------------------------------------------------------------

cat >"$work/net.d/10-critest.conflist" <<CONFIG
{"cniVersion": "1.0.0", "name": "critest", "plugins": [
  {"type": "bridge", "bridge": "critest0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$work/ipam", "ranges": [[{"subnet": "10.214.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
CONFIG
cat >"$work/config.toml" <<CONFIG
$([ -z "${CRITEST_NRI:-}" ] || printf '[nri]\nsocket = "%s"\n' "$work/run/nri.sock")
[registry]
config_path = "$work/hosts"
[cri.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "$work/net.d"
${CARAFE_CONFIG:-}
CONFIG
"$dist/bin/carafed" --config "$work/config.toml" --root "$work/root" --state "$work/run" --address "$work/run/carafe.sock" \
  >"$work/logs/daemon" 2>&1 &
pids+=($!)
await test -S "$work/run/carafe.sock"
endpoint=unix://$work/run/carafe.sock
if [ -n "${CRICTL:-}" ]; then
  for command in version info imagefsinfo; do "$CRICTL" --runtime-endpoint "$endpoint" --image-endpoint "$endpoint" $command; done
fi

# ---- the tests ------------------------------------------------------------------------------------------------------

# One image is pulled by a digest, which a stand-in cannot have: its own is written over it, of the same length.
sed "s/9700f9a2f5bf2c45f2f605a0bd3bce7cf37420ec9d3ed50ac2758413308766bf/$digest/g" "$critest" >"$work/critest"
chmod +x "$work/critest"
cd "$work/logs"
if [ -n "${CRITEST_NRI:-}" ]; then set -- --nri-socket "$work/run/nri.sock" "$@"; fi
"$work/critest" --runtime-endpoint "$endpoint" --image-endpoint "$endpoint" --config /dev/null "$@"
