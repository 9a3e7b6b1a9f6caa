#!/usr/bin/env bash
# debug-pictures.sh DIST DIRECTORY: pictures of the debug page for the documentation, light and dark, of a daemon that has something to show.
# Needs root, chromium, docker-registry on the PATH, python3; with pngquant they are smaller.
set -euo pipefail
dist=$1 out=$2
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d /tmp/carafe-pictures.XXXXXX)
pids=()

carafe() { "$dist/bin/carafe" --address "$work/run/carafe.sock" --namespace shop "$@"; }

finish() {
  local code=$? pid name
  for name in web worker database; do carafe tasks kill --signal KILL "$name" >/dev/null 2>&1 || true; done
  sleep 0.5
  for name in web worker database; do
    carafe tasks rm --force "$name" >/dev/null 2>&1 || true
    carafe containers rm "$name" >/dev/null 2>&1 || true
  done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  find /sys/fs/cgroup -maxdepth 2 -type d -name shop -exec rmdir {} + 2>/dev/null || true
  [ "$code" = 0 ] || cat "$work/log" >&2
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

await() { # await WHAT COMMAND...: at most 30 s
  local what=$1 i
  shift
  for i in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "debug-pictures: $what did not come up" >&2
  return 1
}

registry=5057 page=1339
mkdir -p "$work/plugins" "$out"
echo "no jar" >"$work/plugins/quota-snapshotter.jar"
cat >"$work/config.toml" <<TOML
plugin_dirs = ["$work/plugins"]
disabled_plugins = ["io.containerd.snapshotter.v1.native"]
[debug]
address = "127.0.0.1:$page"
[nri]
socket = "$work/nri.sock"
TOML
cat >"$work/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$registry"}
YAML
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
pids+=($!)
"$dist/bin/carafed" --config "$work/config.toml" --root "$work/lib" --state "$work/run" --address "$work/run/carafe.sock" >"$work/log" 2>&1 &
pids+=($!)
await "the registry" curl -sf "http://127.0.0.1:$registry/v2/"
await "the page" curl -sf "http://127.0.0.1:$page/"

image=127.0.0.1:$registry/library/busybox:1.37
"$here/busybox-image.sh" "$image"
carafe pull --quiet "$image" >/dev/null
carafe run -d "$image" web sh -c 'while :; do sleep 0.01; done' >/dev/null
carafe run -d "$image" worker sh -c 'while :; do :; done' >/dev/null
carafe run -d "$image" database sleep 1000 >/dev/null
carafe leases create --id build-42 --expires 6h >/dev/null
carafe gc >/dev/null

# A registry that takes its time, for a pull that is under way.
cat >"$work/slow.py" <<'PYTHON'
import http.server, json, hashlib, sys, time
layer = bytes(range(256)) * 300_000
config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}).encode()
sha = lambda b: "sha256:" + hashlib.sha256(b).hexdigest()
oci = "application/vnd.oci.image."
manifest = json.dumps({"schemaVersion": 2, "mediaType": oci + "manifest.v1+json",
  "config": {"mediaType": oci + "config.v1+json", "digest": sha(config), "size": len(config)},
  "layers": [{"mediaType": oci + "layer.v1.tar", "digest": sha(layer), "size": len(layer)}]}).encode()
class Handler(http.server.BaseHTTPRequestHandler):
  def log_message(self, *_): pass
  def do_HEAD(self): self.do_GET()
  def do_GET(self):
    body, kind = (manifest, oci + "manifest.v1+json") if "/manifests/" in self.path else \
      (config, "application/octet-stream") if sha(config) in self.path else (layer, "application/octet-stream") if "/blobs/" in self.path else (b"", "text/plain")
    self.send_response(200)
    self.send_header("Content-Type", kind)
    self.send_header("Content-Length", str(len(body)))
    self.send_header("Docker-Content-Digest", sha(body))
    self.end_headers()
    if self.command == "GET":
      for at in range(0, len(body), 1 << 20):
        self.wfile.write(body[at:at + (1 << 20)])
        time.sleep(0.3)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
python3 "$work/slow.py" 5058 >/dev/null 2>&1 &
pids+=($!)
await "the slow registry" curl -sf -o /dev/null http://127.0.0.1:5058/v2/
carafe pull --quiet 127.0.0.1:5058/library/postgres:18 >/dev/null 2>&1 &
pids+=($!)
sleep 3

shoot() { # shoot NAME WIDTH HEIGHT FLAGS...
  local name=$1 width=$2 height=$3
  shift 3
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile-$name" --window-size="$width,$height" \
    --virtual-time-budget=150000 "$@" --screenshot="$out/debug-page-$name.png" "http://127.0.0.1:$page/" >/dev/null 2>&1
}
shoot light 1280 1850
shoot dark 1280 1850 --blink-settings=preferredColorScheme=0
# Where it was made is nobody's business.
carafe plugins graph --format svg | sed "s#$(readlink -f "$dist")#/usr/lib/carafe#g; s#$work/plugins#/etc/carafe/plugins#g" >"$out/plugin-graph.svg"
if command -v pngquant >/dev/null; then
  pngquant --force --ext .png 96 "$out"/debug-page-*.png
fi
