"""GPUs by name, and the machine that a configuration describes."""

from dataclasses import dataclass

from openqwq.config.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Gpu:
    """Memory in bytes; dense bfloat16 operations and bytes a second at best; bytes a second between GPUs of a node."""

    name: str
    memory: float
    flops: float
    bandwidth: float
    link: float


GB = 1e9
# Vendors' data sheets (SXM modules). A800 and H800 are A100 and H100 with slower links, an H20 has a seventh of the operations.
GPUS = {
    "A100": Gpu("A100", 80 * GB, 312e12, 2039 * GB, 300 * GB),
    "A800": Gpu("A800", 80 * GB, 312e12, 2039 * GB, 200 * GB),
    "H20": Gpu("H20", 96 * GB, 148e12, 4000 * GB, 450 * GB),
    "H100": Gpu("H100", 80 * GB, 989e12, 3350 * GB, 450 * GB),
    "H200": Gpu("H200", 141 * GB, 989e12, 4800 * GB, 450 * GB),
    "H800": Gpu("H800", 80 * GB, 989e12, 3350 * GB, 200 * GB),
    "B200": Gpu("B200", 180 * GB, 2250e12, 7700 * GB, 900 * GB),
}


def gpu_of(hardware: Hardware) -> Gpu | None:
    """The configuration's GPU, figures given beside its name first; None for a CPU."""
    if not hardware.has_gpu():
        return None
    named = GPUS.get(hardware.gpu or "")
    return Gpu(
        hardware.gpu or "GPU",
        hardware.memory_gb * GB if hardware.memory_gb else named.memory if named else 0.0,
        hardware.tflops * 1e12 if hardware.tflops else named.flops if named else 0.0,
        hardware.bandwidth_gb * GB if hardware.bandwidth_gb else named.bandwidth if named else 0.0,
        named.link if named else 300 * GB,
    )
