"""Policy losses by name; adding one is a file, a line here and a name in `GrpoConfig.loss`."""

from openqwq.train.losses.cispo import CISPO
from openqwq.train.losses.dapo import DAPO
from openqwq.train.losses.dr_grpo import DR_GRPO
from openqwq.train.losses.gspo import GSPO
from openqwq.train.losses.loss import Loss

LOSSES: dict[str, Loss] = {"dapo": DAPO, "dr_grpo": DR_GRPO, "gspo": GSPO, "cispo": CISPO}
