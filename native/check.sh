#!/usr/bin/env bash
# The native tests beyond those of pytest: with AddressSanitizer and UBSan, and for aarch64 under qemu.
# Needs cmake, ninja, g++, g++-aarch64-linux-gnu and qemu-user; MODELS=1000 random networks by default. Run from anywhere.
set -euo pipefail
cd "$(dirname "$0")/.."
models=${MODELS:-1000}
cases=$(mktemp -d)
trap 'rm -r "$cases"' EXIT
PYTHONPATH=src python -m tests.agreement.integer_models "$cases" --count "$models"

check() { # VARIANT RUNNER
  local folder=build/native/$1
  for source in native/tests/*_test.cpp; do
    $2 "$folder/$(basename "$source" .cpp)"
  done
  for kernels in $($2 "$folder/network_tool"); do
    find "$cases" -name '*.case' | sed 's/\.case$//' | xargs $2 "$folder/network_tool" "$kernels"
  done
}

for variant in release sanitized aarch64; do
  python -c "
import sys
from tests.native.building import SOURCE, build
for name in ('network_tool', *(path.stem for path in SOURCE.glob('tests/*_test.cpp'))):
    build(name, '$variant')
"
  check "$variant" "$([ "$variant" = aarch64 ] && echo qemu-aarch64 || true)"
done
