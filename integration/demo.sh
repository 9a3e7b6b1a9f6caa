#!/usr/bin/env bash
# demo.sh DIST [IMAGE]: pulls an image from a registry and runs it with a daemon on private directories; leaves nothing behind.
# Without IMAGE it makes one from Debian's busybox and serves it from a registry on loopback.
set -euo pipefail
dist=$1 image=${2:-}
work=$(mktemp -d /tmp/carafe-demo.XXXXXX)
pids=()

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ carafe %s\033[0m\n' "$*"; carafe "$@"; }
carafe() { "$dist/bin/carafe" --address "$work/run/carafe.sock" --namespace demo "$@"; }

stop() {
  local pid
  carafe tasks kill --signal KILL demo >/dev/null 2>&1 || true
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}

# Nothing of this run may be left; what is, is named and removed.
finish() {
  local code=$? left
  stop
  left=$(awk -v w="$work/" 'index($5, w) == 1 {print $5}' /proc/self/mountinfo | sort -r)
  if [ -n "$left" ]; then
    printf 'demo: mounts were left behind:\n%s\n' "$left" >&2
    xargs -r umount -l <<<"$left"
    code=1
  fi
  left=$(find /sys/fs/cgroup -maxdepth 3 -type d -path '*/demo/*' 2>/dev/null | head -n 5)
  [ -z "$left" ] || { printf 'demo: cgroups were left behind:\n%s\n' "$left" >&2; code=1; }
  find /sys/fs/cgroup -maxdepth 2 -type d -name demo -empty -exec rmdir {} + 2>/dev/null || true
  find /sys/fs/cgroup -maxdepth 2 -type d -name demo -exec rmdir {} + 2>/dev/null || true
  left=$(pgrep -f "$work/" || true)
  [ -z "$left" ] || { echo "demo: processes were left behind: $left" >&2; code=1; }
  [ "$code" = 0 ] || { echo "demo: the daemon's log:" >&2; cat "$work/carafed.log" >&2 2>/dev/null || true; }
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

# free_port: a port on loopback that nobody uses.
free_port() {
  local port
  for port in $(shuf -i 20000-40000 -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  return 1
}

await() { # await WHAT COMMAND...: at most 30 s
  local what=$1 i
  shift
  for i in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "demo: $what did not come up" >&2
  return 1
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

if [ -z "$image" ]; then
  port=$(free_port)
  say "A registry on 127.0.0.1:$port with an image made from Debian's busybox"
  mkdir -p "$work/registry"
  cat >"$work/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
YAML
  docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  pids+=($!)
  await registry answers "$port"
  "$(dirname "$0")/busybox-image.sh" "127.0.0.1:$port/demo/busybox:latest"
  image=127.0.0.1:$port/demo/busybox:latest
fi

say "carafed on private directories"
mkdir -p "$work/run" "$work/lib"
"$dist/bin/carafed" --root "$work/lib" --state "$work/run" --address "$work/run/carafe.sock" >"$work/carafed.log" 2>&1 &
pids+=($!)
await carafed carafe version
show version

say "Pull"
show pull "$image"
show images ls

say "Run"
code=0
# shellcheck disable=SC2016
show run --rm "$image" demo /bin/sh -c 'echo "hello from $(uname -s) $(uname -m), process $$, in $(hostname)"; exit 7' || code=$?
echo "exit code: $code"
[ "$code" = 7 ]

say "The plugin graph"
show plugins graph

say "Stopping everything"
