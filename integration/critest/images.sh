#!/usr/bin/env bash
# images.sh REGISTRY DIRECTORY: makes stand-ins for the images that critest pulls, from this machine's busybox and a few programs, and
# pushes them to a registry (HOST:PORT, no TLS). Prints the digest of test-image-digest. BUSYBOX is a dynamic busybox, for the shell.
set -euo pipefail
readonly registry=${1:?usage: images.sh REGISTRY DIRECTORY} work=${2:?}
readonly e2e=e2e-test-images tools=k8s-staging-cri-tools
mkdir -p "$work"

# ---- file systems ---------------------------------------------------------------------------------------------------

# A program with the libraries that it needs: program ROOT FROM TO
program() {
  local library
  install -D "$2" "$1$3"
  { ldd "$2" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    [ -e "$1$library" ] || install -D "$library" "$1$library"
  done
}

script() { install -D -m 755 /dev/stdin "$1"; }

base() {
  local root=$1 applet
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp,usr/bin,usr/sbin,var/run,home}
  chmod 1777 "$root/tmp"
  install "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -f "$root/bin/busybox" "$root/bin/$applet"
  done
  # The static busybox's shell runs commands of its own name without looking at the file; another's does not.
  rm "$root/bin/sh"
  program "$root" "${BUSYBOX:?}" /bin/sh
  # What Debian's busybox does not have.
  program "$root" "$(command -v ipcs)" /usr/bin/ipcs
  script "$root/bin/pgrep" <<'SCRIPT'
#!/bin/sh
for process in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$process/comm" && [ "${name#*"$1"}" != "$name" ] && [ "${process#/proc/}" != $$ ] && echo "${process#/proc/}"
done
SCRIPT
  cat >"$root/etc/passwd" <<'USERS'
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
default-user:x:1000:1000::/home:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
USERS
  cat >"$root/etc/group" <<'GROUPS'
root:x:0:
www-data:x:33:
default-user:x:1000:
group-defined-in-image:x:50000:default-user
nobody:x:65534:
GROUPS
}

# A web server that looks like another one in lists of processes: the script's name is the process's.
server() {
  local root=$1 name=$2 port=$3
  base "$root"
  mkdir -p "$root/www"
  echo "<html>It works</html>" >"$root/www/index.html"
  script "$root/usr/sbin/$name" <<SCRIPT
#!/bin/sh
echo \$\$ >/var/run/$name.pid
echo "$name serves port $port"
httpd -f -p $port -h /www &
trap 'kill \$!; exit 0' TERM QUIT
wait
SCRIPT
}

# ---- images ---------------------------------------------------------------------------------------------------------

blob() {
  local file=$1 digest
  digest=$(sha256sum "$file" | cut -d' ' -f1)
  mv "$file" "$layout/blobs/sha256/$digest"
  echo "$digest"
}

size() { stat -c %s "$layout/blobs/sha256/$1"; }

# image ROOT CONFIG NAME...: one layer, CONFIG as in the image specification; sets digest.
image() {
  local root=$1 config=$2 layout=$work/layout diff layer manifest
  shift 2
  rm -rf "$layout"
  mkdir -p "$layout/blobs/sha256"
  tar -C "$root" --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 -cf "$work/layer" .
  diff=$(sha256sum "$work/layer" | cut -d' ' -f1)
  gzip -n1 "$work/layer"
  layer=$(blob "$work/layer.gz")
  printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$config" "$diff" >"$work/config"
  config=$(blob "$work/config")
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"%s","digest":"sha256:%s","size":%s}]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$config" "$(size "$config")" \
    application/vnd.oci.image.layer.v1.tar+gzip "$layer" "$(size "$layer")" >"$work/manifest"
  digest=$(blob "$work/manifest")
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s}]}' \
    application/vnd.oci.image.manifest.v1+json "$digest" "$(size "$digest")" >"$layout/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
  local name
  for name; do
    skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$layout" "docker://$registry/$name"
  done
}

path='"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
shell="{$path,\"Cmd\":[\"sh\"]}"

base "$work/busybox"
image "$work/busybox" "$shell" "$e2e/busybox:1.29-2"
for user in uid=1002 username=www-data uid-group=1003:1004 username-group=www-data:1004; do
  image "$work/busybox" "{$path,\"Cmd\":[\"sh\"],\"User\":\"${user#*=}\"}" "$tools/test-image-user-${user%%=*}:latest"
done
image "$work/busybox" "{$path,\"Cmd\":[\"sh\"],\"User\":\"1000\"}" "$tools/test-image-predefined-group:latest"
mark() { touch "$work/busybox/$1"; }
unmark() { rm "$work/busybox/$1"; }
for name in test-image-1 test-image-2 test-image-3 test-image-latest test-image-digest; do
  mark "$name"
  image "$work/busybox" "$shell" "$tools/$name:latest"
  unmark "$name"
done
echo "$digest"
mark same-image
image "$work/busybox" "$shell" "$tools/test-image-tags:1" "$tools/test-image-tags:2" "$tools/test-image-tags:3"
unmark same-image
for name in test all; do
  mark "$name"
  image "$work/busybox" "$shell" "$tools/test-image-tag:$name"
  unmark "$name"
done

server "$work/nginx" nginx 80
image "$work/nginx" "{$path,\"Entrypoint\":[\"/usr/sbin/nginx\",\"master process\"],\"StopSignal\":\"SIGQUIT\"}" "$e2e/nginx:1.14-2"
server "$work/hostnet" nginx 12003
image "$work/hostnet" "{$path,\"Entrypoint\":[\"/usr/sbin/nginx\",\"master process\"]}" "$tools/hostnet-nginx-$(dpkg --print-architecture):latest"
server "$work/httpd" httpd-foreground 80
image "$work/httpd" "{$path,\"Cmd\":[\"/usr/sbin/httpd-foreground\"]}" "$e2e/httpd:2.4.39-4"

# The program that would gain root says who it is.
base "$work/nonewprivs"
program "$work/nonewprivs" "$(command -v id)" /usr/bin/whose
chmod 4755 "$work/nonewprivs/usr/bin/whose"
script "$work/nonewprivs/start" <<'SCRIPT'
#!/bin/sh
echo "Effective uid: $(/usr/bin/whose -u)"
SCRIPT
image "$work/nonewprivs" "{$path,\"Cmd\":[\"/start\"]}" "$e2e/nonewprivs:1.3"

image "$work/busybox" "{$path,\"Cmd\":[\"sleep\",\"100000\"]}" pause:3.9
