"""What the reward model and the gate's plan leave, made up."""

RATE = {"low": 0.73, "high": 0.88}
ACCURACY = RATE | {
    "value": 0.81, "n": 96, "prompts": 90,
    "by_source": [{"source": s, "value": 0.8, "n": 48, "length": 0.51} | RATE for s in ("<b>pairs</b>", "verdicts/math")],
    "by_length": [{"chosen": c, "value": 0.8, "n": 32} | RATE for c in ("shorter", "equal", "longer")],
    "balanced": {"value": 0.77, "n": 40, "length": 0.5} | RATE,
    "baselines": {"longer": {"value": 0.53, "n": 96} | RATE,
                  "length": {"rule": "longer", "training": 0.55, "value": 0.53, "n": 96} | RATE},
    "calibration": {"error": 0.043, "cells": [
        {"from": 0.5, "to": 0.6, "n": 40, "predicted": 0.55, "observed": 0.6, "low": 0.45, "high": 0.74},
        {"from": 0.9, "to": 1.0, "n": 56, "predicted": 0.96, "observed": 0.95, "low": 0.86, "high": 0.99}]},
    "control": {"value": 0.49, "low": 0.39, "high": 0.59, "n": 96, "steps": 7},
}  # fmt: skip
PLAN = {
    "margin": 0.03, "confidence": 0.95, "drift": 0.15,
    "benchmarks": [{"benchmark": "math", "n": 96, "k": 4, "margin": 0.03, "spread": 0.4, "power": 0.18, "detectable_loss": 0.13,
                    "spread_from": "the accuracies of reason on 96 problems", "problems_needed": 1100}],
}  # fmt: skip
GATE = {
    "verdict": "not enough samples", "before": "reason", "after": "general", "margin": 0.03, "confidence": 0.95,
    "benchmarks": [
        {"benchmark": "math", "n": 96, "left_out": 0, "difference": 0.03, "lower": -0.01, "upper": 0.07, "verdict": "pass",
         "why": "the lower bound lies above −margin"},
        {"benchmark": "code", "n": 64, "left_out": 0, "difference": 0.02, "lower": -0.05, "upper": 0.09,
         "verdict": "not enough samples", "why": "the interval contains −margin", "problems_needed": 420},
    ],
}  # fmt: skip
