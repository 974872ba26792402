"""Where an RL stage has its reward model from: loaded into its own process, or asked of a service."""

from pathlib import Path

from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.stage import Stage
from openqwq.train.judging import Scorer
from openqwq.train.scorer import RewardScorer
from openqwq.train.service_client import ServiceScorer


def open_scorer(stage: Stage, checkpoint: Path | None, config: GrpoConfig, execution: Execution) -> Scorer | None:
    """The scorer of the stage's input `reward_model`; None where it has none.

    Raises `UserError` where the service has another model, `StageFailure` where it does not answer.
    """
    if checkpoint is None:
        return None
    if execution.reward_service is not None:
        stage.progress.say(f"reward model: asked at {execution.reward_service}")
        return ServiceScorer(execution.reward_service, stage.hashes["reward_model"], config.reward_model_clip)
    return RewardScorer.load(checkpoint, execution.generation_batch, execution.generation_dtype, config.reward_model_clip)
