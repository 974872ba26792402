"""BFCL's multi-turn simulators and their checker, from the package bfcl-eval; they run in the sandbox alone."""
