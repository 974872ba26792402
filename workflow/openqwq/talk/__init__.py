"""Talking to a model: in the terminal, and over HTTP."""
