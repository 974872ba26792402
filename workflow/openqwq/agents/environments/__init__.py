"""One environment a file."""
