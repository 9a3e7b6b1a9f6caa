#!/usr/bin/env bash
# busybox-image.sh HOST:PORT/REPOSITORY:TAG ['"COMMAND","ARGUMENT"']: makes an image of one layer from Debian's static busybox and pushes it
# over plain HTTP. It runs the shell unless told otherwise.
set -euo pipefail
name=$1
host=${name%%/*} rest=${name#*/}
repository=${rest%:*} tag=${rest##*:}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp}
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$root" -cf "$work/layer.tar" .
gzip -n -c "$work/layer.tar" >"$work/layer.tar.gz"

digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }
size() { stat -c %s "$1"; }
arch=$(dpkg --print-architecture)
cat >"$work/config.json" <<JSON
{"architecture":"$arch","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":[${2:-\"/bin/sh\"}],"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["$(digest "$work/layer.tar")"]}}
JSON
cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"$(digest "$work/config.json")","size":$(size "$work/config.json")},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"$(digest "$work/layer.tar.gz")","size":$(size "$work/layer.tar.gz")}]}
JSON

# The OCI distribution API: a POST opens an upload, a PUT with the digest ends it.
push_blob() {
  local file=$1 location
  location=$(curl -fsS -X POST -D - -o /dev/null "http://$host/v2/$repository/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" {print $2}')
  case $location in /*) location=http://$host$location ;; esac
  case $location in *\?*) location="$location&" ;; *) location="$location?" ;; esac
  curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary @"$file" "${location}digest=$(digest "$file")"
}
push_blob "$work/layer.tar.gz"
push_blob "$work/config.json"
curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @"$work/manifest.json" "http://$host/v2/$repository/manifests/$tag"
