"""Memory, time and cost of a configuration, before it runs: arithmetic on a model's shape, no model and no torch."""
