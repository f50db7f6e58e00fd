#!/bin/bash
# image-root.sh ROOT [iptables]: puts the root file system of the image into ROOT, a folder that is not there yet: Node, the C library,
# dist/ and what it needs to run, and nothing else: no shell, no package manager. With `iptables` also the programs of both its back ends.
# Equal input gives equal output: files have the time SOURCE_DATE_EPOCH (default: the last commit's). Needs root, setcap and strip.
set -euo pipefail
export LC_ALL=C
umask 022

root=${1:?usage: image-root.sh ROOT [iptables]}
with=${2:-}
cd "$(dirname "$0")/.."
[ ! -e "$root" ] || { echo "image-root: $root is there already" >&2; exit 2; }
[ -f dist/cli/main.js ] || { echo 'image-root: not built yet; run: make build' >&2; exit 2; }
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

app=$root/opt/evenkeel
mkdir -p "$app" "$root"/{etc/evenkeel,lib/modules,proc,run,sys,tmp,usr/bin,var/empty}
chmod 1777 "$root/tmp"

# What runs: versions and hashes as in the lock. The Kubernetes client library is left out: it serves only kubeconfigs with an
# auth-provider or a SOCKS proxy, and a pod has neither.
cp -R dist package.json LICENSE "$app/"
find "$app/dist" \( -name '*.map' -o -name '.stamp' \) -delete
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
cp package.json package-lock.json .npmrc "$modules/"
(
  cd "$modules"
  npm pkg delete 'dependencies.@kubernetes/client-node' devDependencies
  npm install --omit=dev --ignore-scripts --prefer-offline --no-progress >npm.log 2>&1 </dev/null || { cat npm.log >&2; exit 1; }
)
node=$(ls -d "$modules"/node_modules/node-linux-*)
[ -x "$node/bin/node" ] || { echo "image-root: no Node for $(uname -m)" >&2; exit 1; }
strip --strip-all -o "$root/usr/bin/node" "$node/bin/node"
mkdir -p "$root/usr/share/doc/node"
cp "$node/LICENSE" "$root/usr/share/doc/node/"
cp -R "$modules/node_modules" "$app/"
# what only compilers and people read
find "$app/node_modules" -type f -regextype posix-extended -regex '.*\.(map|[cm]?ts|md|html|c|cc|cpp|h|hh|inc|S|asm)' -delete
rm -rf "$app"/node_modules/{.bin,.package-lock.json,node-linux-*} "$app"/node_modules/koffi/{doc,lib,vendor} "$app"/node_modules/yaml/browser
find "$app/node_modules" -depth -type d -empty -delete

# `evenkeel` on the PATH without a shell: the program is its own script.
sed -i '1i #!/usr/bin/node' "$app/dist/cli/main.js"
chmod 755 "$app/dist/cli/main.js"
ln -s /opt/evenkeel/dist/cli/main.js "$root/usr/bin/evenkeel"

# with_libraries FILE…: the shared libraries that they ask for, where the loader looks for them
with_libraries() {
  local library
  for library in $(ldd "$@" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/lib[^ ]*\) (.*/\1/p' | sort -u); do
    mkdir -p "$root${library%/*}"
    [ -e "$root$library" ] && continue
    cp -L "$library" "$root$library"
    libraries+=("$library")
  done
}
libraries=()
with_libraries "$root/usr/bin/node" $(find "$app" -name '*.node')

if [ "$with" = iptables ]; then
  multi=(/usr/sbin/xtables-legacy-multi /usr/sbin/xtables-nft-multi)
  extensions=$(ls -d /usr/lib/*/xtables)
  mkdir -p "$root/usr/sbin" "$root$extensions"
  cp "${multi[@]}" "$root/usr/sbin/"
  # those that Service rules use; both families
  for extension in libxt_{addrtype,comment,conntrack,mark,MARK,nfacct,physdev,recent,set,SET,standard,statistic,tcp,udp,sctp,multiport} \
    libipt_{REJECT,DNAT,SNAT,MASQUERADE,REDIRECT,icmp} libip6t_{REJECT,DNAT,SNAT,MASQUERADE,REDIRECT,icmp6} libxt_{DNAT,SNAT,MASQUERADE,REDIRECT,NAT}; do
    [ ! -e "$extensions/$extension.so" ] || cp -P "$extensions/$extension.so" "$root$extensions/"
  done
  for family in ip ip6; do
    for back in legacy nft; do
      for verb in '' -save -restore; do
        ln -sf "xtables-$back-multi" "$root/usr/sbin/${family}tables-$back$verb"
      done
    done
  done
  libraries+=("${multi[@]}")
  with_libraries "${multi[@]}" "$root$extensions"/*.so
fi

# glibc asks these; the numbers are those of the manifests
printf 'root:x:0:0:root:/:/nonexistent\nevenkeel:x:65532:65532:evenkeel:/var/empty:/nonexistent\n' >"$root/etc/passwd"
printf 'root:x:0:\nevenkeel:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'NAME="Evenkeel"\nID=evenkeel\nVERSION_ID=%s\n' "$(sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)" >"$root/etc/os-release"

# what is inside, for those who look for known faults
SOURCE_DATE_EPOCH=$epoch node scripts/sbom.ts "$modules" "${libraries[@]}" >"$root/usr/share/sbom.cdx.json"

find "$root" -exec touch --no-dereference --date="@$epoch" {} +
# Permitted, not effective: so it also starts where a container may not have it (src/kernel/capabilities.ts). Last: writing removes it.
setcap cap_net_admin=p "$root/usr/bin/node"
