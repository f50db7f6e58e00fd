#!/bin/bash
# Builds the real parts that the Kubernetes tests run against, from the pinned Go modules under test/kube, into
# .cache/kube/bin (npm ci would empty a cache in node_modules): kube-apiserver, kube-controller-manager, kube-proxy, kubectl, etcd, helm.
# What is built already is left alone. Without a fitting Go it says so and succeeds; the tests then skip with that reason.
set -euo pipefail
cd "$(dirname "$0")/.."

version=v1.36.2
helm_version=v4.3.1
cache=$PWD/.cache/kube
bin=$cache/bin
needed_go=1.26

say() { printf 'kube    %s\n' "$*"; }

mkdir -p "$bin"
rm -f "$cache/why-not"

without() {
  say "not built: $*"
  printf '%s\n' "$*" >"$cache/why-not"
  exit 0
}

command -v go >/dev/null || without "Go is missing (kube-apiserver $version needs Go $needed_go; https://go.dev/dl)"
have_go=$(GOTOOLCHAIN=local go env GOVERSION)
oldest=$(printf '%s\n' "$needed_go" "${have_go#go}" | sort -V | head -n 1)
[ "$oldest" = "$needed_go" ] || without "Go is ${have_go#go}, kube-apiserver $version needs Go $needed_go"

exec 9>"$cache/lock"
if ! flock -n 9; then
  say 'another build is running; waiting for it'
  flock 9
fi

log=$cache/build.log
key() { cat "$@" scripts/kube-binaries.sh | sha256sum | cut -d ' ' -f 1; }

# build DIRECTORY LDFLAGS COMMAND-PACKAGE…: one binary after the other, so that whoever waits sees how far it is.
build() {
  local directory=$1 ldflags=$2 package name wanted began
  shift 2
  wanted="$have_go $(key "$directory/go.mod" "$directory/go.sum")"
  for package in "$@"; do
    name=$(sed -E 's|/v[0-9]+$||; s|/server$||; s|.*/||' <<<"$package")
    [ -x "$bin/$name" ] && [ "$(cat "$bin/.$name.key" 2>/dev/null)" = "$wanted" ] && continue
    say "go build $name"
    began=$SECONDS
    if ! (cd "$directory" &&
      CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS= nice -n 19 \
        go build -p "$(nproc)" -trimpath -buildvcs=false -ldflags "-s -w $ldflags" -o "$bin/.$name.new" "$package") >"$log" 2>&1 </dev/null
    then
      tail -n 30 "$log" >&2
      say "go build $name failed ($log)" >&2
      exit 1
    fi
    mv "$bin/.$name.new" "$bin/$name"
    printf '%s\n' "$wanted" >"$bin/.$name.key"
    say "built $name in $((SECONDS - began)) s"
  done
}

# As Kubernetes' own build stamps them: clients and servers compare these.
stamp() {
  local package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s -X %s.gitTreeState=clean ' \
      "$package" "$version" "$package" "$package" "$(cut -d . -f 2 <<<"$version")" "$package"
  done
}

kube=k8s.io/kubernetes/cmd
build test/kube/go "$(stamp)" $kube/kube-apiserver $kube/kubectl $kube/kube-proxy $kube/kube-controller-manager
# Debian's etcd 3.4 cannot stream a WatchList: the API server asks it for progress notifications, which 3.5 brought
build test/kube/etcd '' go.etcd.io/etcd/server/v3
build test/kube/helm "-X helm.sh/helm/v4/internal/version.version=$helm_version" helm.sh/helm/v4/cmd/helm
