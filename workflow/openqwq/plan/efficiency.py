"""What machines reach of what their data sheets say: one set of constants for every model, stage and GPU.

`published.yaml` has the runs that they were chosen on, and docs/plan.md how far each of those is off.
"""

GEMM = 0.55  # of a GPU's peak, in the products of training and of reading prompts
GEMM_DECODE = 0.4  # the same while decoding: a few hundred rows a product
MIXTURE = 0.3  # of those, where tokens are dealt to experts
MEMORY = 0.7  # of a GPU's bandwidth
LINK = 0.6  # of the links between GPUs of a node
NETWORK = 200e9  # bytes a second that a node's eight cards bring in (8 × 400 Gb/s, half of it reached)
KERNELS = 0.01  # seconds a decoding step takes beside reading: launches, sampling, the scheduler of the engine
REDUCE_NODE = 15e-6  # seconds of an all-reduce of a few tokens within a node; two a layer with tensor parallelism
REDUCE_NODES = 40e-6  # the same between nodes
FILES = 1.5e9  # bytes a second that one process writes to, or reads from, a shared file system
STEP = 5.0  # seconds of a batch of rollouts beside sampling and training: rewards, tables, waking and sleeping
IDLE = 1.15  # wall time over the sum of steps: starting, saving, evaluation on the way, restarts
USABLE = 0.95  # of a GPU's memory; the rest is the driver's, the communicators' and fragmentation

LINES = (
    ("products in training, of the peak", f"{GEMM:.0%}"),
    ("products while decoding, of the peak", f"{GEMM_DECODE:.0%}"),
    ("both, in a mixture of experts, times", f"{MIXTURE:.0%}"),
    ("memory bandwidth, of the peak", f"{MEMORY:.0%}"),
    ("a decoding step beside reading", f"{KERNELS * 1e3:.0f} ms"),
    ("long tail: sampling ends with", "a completion of the longest length allowed"),
    ("a batch of rollouts beside sampling and training", f"{STEP:.0f} s"),
    ("wall time over the sum of steps", f"{IDLE:.2f}"),
    ("memory that can be used", f"{USABLE:.0%}"),
)
