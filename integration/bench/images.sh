#!/usr/bin/env bash
# images.sh HOST:PORT: pushes the images that are measured, made of this machine's own files: bench/one (one gzip layer), bench/eight
# (eight gzip layers) and bench/zstd (eight zstd layers, in another order), each of about SIZE MiB (default 480), and bench/true (busybox).
set -euo pipefail
host=$1
work=$(mktemp -d "${TMPDIR:-/var/tmp}/carafe-bench-images.XXXXXX")
trap 'rm -rf "$work"' EXIT
here=$(dirname "$(readlink -f "$0")")
size=${SIZE:-480}

digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }

push_blob() { # REPOSITORY FILE
  local location
  location=$(curl -fsS -X POST -D - -o /dev/null "http://$host/v2/$1/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" {print $2}')
  case $location in /*) location=http://$host$location ;; esac
  case $location in *\?*) location="$location&" ;; *) location="$location?" ;; esac
  curl -fsS -X PUT -H 'Content-Type: application/octet-stream' -T "$2" "${location}digest=$(digest "$2")"
}

# image REPOSITORY SUFFIX TAR...: layers compressed already as TAR.SUFFIX
image() {
  local repository=$1 suffix=$2 diffs='' layers='' tar type
  shift 2
  case $suffix in gz) type=gzip ;; zst) type=zstd ;; esac
  for tar in "$@"; do
    diffs="$diffs,\"$(digest "$tar")\""
    layers="$layers,{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+$type\",\"digest\":\"$(digest "$tar.$suffix")\",\"size\":$(stat -c %s "$tar.$suffix")}"
    push_blob "$repository" "$tar.$suffix"
  done
  printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/true"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$(dpkg --print-architecture)" "${diffs#,}" >"$work/config"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[%s]}' \
    "$(digest "$work/config")" "$(stat -c %s "$work/config")" "${layers#,}" >"$work/manifest"
  push_blob "$repository" "$work/config"
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @"$work/manifest" "http://$host/v2/$repository/manifests/latest"
}

# Files in the order of their names, dealt out to eight layers of about the same size.
find /usr/lib /usr/share /usr/include -xdev -type f -size -20M -printf '%s %p\n' 2>/dev/null | LC_ALL=C sort -k2 |
  awk -v limit=$((size * 1048576)) -v work="$work" '{
    if (sum + $1 > limit) next
    file = substr($0, index($0, " ") + 1)
    print file > (work "/list." int(sum / (limit / 8)))
    sum += $1
  }'
tars=()
for list in "$work"/list.*; do
  tar --no-recursion --owner=0 --group=0 --mtime=@0 -P --transform 's,^/,,' -cf "$work/layer${list##*.}.tar" -T "$list"
  # Directories too, as real layers have them.
  sed 's,/[^/]*$,,' "$list" | LC_ALL=C sort -u | awk -F/ '{p=""; for (i=2;i<=NF;i++) {p=p"/"$i; print p}}' | LC_ALL=C sort -u >"$work/dirs"
  tar --no-recursion --owner=0 --group=0 --mtime=@0 -P --transform 's,^/,,' -cf "$work/d.tar" -T "$work/dirs"
  tar -Af "$work/d.tar" "$work/layer${list##*.}.tar"
  mv "$work/d.tar" "$work/layer${list##*.}.tar"
  tars+=("$work/layer${list##*.}.tar")
done
cp "${tars[0]}" "$work/one.tar"
for tar in "${tars[@]:1}"; do tar -Af "$work/one.tar" "$tar"; done
for tar in "${tars[@]}" "$work/one.tar"; do gzip -6 -n -k "$tar" & [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n; done
wait
for tar in "${tars[@]}"; do zstd -q -3 -k "$tar"; done

image bench/eight gz "${tars[@]}"
image bench/one gz "$work/one.tar"
# In another order, so that no snapshot of the one serves the other.
image bench/zstd zst "${tars[@]:1}" "${tars[0]}"
"$here/../busybox-image.sh" "$host/bench/true:latest"
ls -l "$work"/*.gz | awk '{s += $5} END {printf "images: %d MiB compressed in one and eight\n", s / 2097152}' >&2
