#!/usr/bin/env bash
# Sees to the two things that pip cannot install: envs/system.sh [--slurm | --browser] PYTHON
# bubblewrap isolates the code that models write; ensurepip (Debian: python3-venv) makes the virtual environment. --slurm adds
# Slurm and munge, of which the tests make a cluster on this machine; --browser adds Chromium, in which they open the report.
# As root on a Debian machine what is missing is installed with apt, saying so; otherwise one line says what to install.
set -euo pipefail
slurm="" browser=""
if [ "$1" = --slurm ]; then slurm=1; shift; fi
if [ "$1" = --browser ]; then browser=1; shift; fi
python=$1

missing=()
command -v bwrap >/dev/null || missing+=(bubblewrap)
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if [ -n "$slurm" ]; then
  command -v slurmctld >/dev/null || missing+=(slurm-wlm)
  command -v munged >/dev/null || missing+=(munge)
fi
[ -z "$browser" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "openqwq: missing ${missing[*]}. Install: sudo apt-get install ${missing[*]} (or your system's packages of these names), then call make again." >&2
    exit 2
  fi
  echo "installing ${missing[*]} with apt ..."
  apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null >/dev/null; }
  # Package lists may be absent or old on a fresh machine: refresh them only if the first try fails.
  apt install -y --no-install-recommends "${missing[@]}" 2>/dev/null ||
    { apt update && apt install -y --no-install-recommends "${missing[@]}"; } ||
    { echo "openqwq: apt could not install ${missing[*]}. Install them by hand, then call make again." >&2; exit 2; }
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    { echo "openqwq: $python has no ensurepip, and python3-venv did not bring it: that package serves Debian's own Python. Call make PYTHON=/usr/bin/python3.11" >&2; exit 2; }
fi
bwrap --unshare-all --die-with-parent --ro-bind / / true 2>/dev/null ||
  { echo "openqwq: bubblewrap is installed but cannot make a namespace here, so model-written code cannot be isolated and will not be run. Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1; in a container: --security-opt seccomp=unconfined), or run as root." >&2; exit 2; }
