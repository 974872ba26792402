"""The questions that the tests ask, and log-probabilities by a plain forward pass of transformers in float32."""

import torch
from transformers import AutoModelForCausalLM

QUESTIONS = [
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "What is 7 + 5?",
    "Name three colours.",
    "Why is the sky blue? Answer in two sentences.",
    "Say hello.",
]


def prompts_of(sampler) -> list[str]:
    return [sampler.render([{"role": "user", "content": text}], None) for text in QUESTIONS]


def plain_logprobs(checkpoint, prompt_ids, completion_ids, temperature):
    """(C,) float32: natural log-probability of each completion token, over the whole vocabulary."""
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    return [of(model, p, c, temperature) for p, c in zip(prompt_ids, completion_ids, strict=True)]


def of(model, prompt, completion, temperature):
    with torch.inference_mode():
        logits = model(torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1].float() / temperature
    return torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(completion).unsqueeze(1)).squeeze(1)
