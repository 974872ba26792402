"""The first hour: a configuration of one's own, what the machine lacks, and a shell that completes commands."""
