#!/usr/bin/env bash
# How long the first `cargo run --release` takes: a fresh clone of HEAD, two cores, nothing built.
#
#   mock-server/benches/first_build.sh [PROFILE]...     release if absent; dist is what is shipped
#
# The sources of the dependencies are downloaded first, and not counted.
set -euo pipefail
cd "$(dirname "$0")/../.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
git clone --quiet --no-local . "$work/clone"
cd "$work/clone"
cargo fetch --quiet --locked
export CARGO_INCREMENTAL=0 CARGO_BUILD_JOBS=2
for profile in "${@:-release}"; do
  export CARGO_TARGET_DIR="$work/$profile"
  TIMEFORMAT="$profile: %R s, of processor time %U s and %S s"
  time taskset --cpu-list 0,1 cargo build --quiet --locked --offline --profile "$profile" \
    -p flexiti-mock --bin flexiti-mock
done
