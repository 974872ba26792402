"""LiveBench's rules (arXiv 2406.19314), one task a file; stricter than published where that can be hedged against."""
