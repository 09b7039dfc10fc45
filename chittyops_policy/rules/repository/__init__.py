"""Rules about files that a repository must have."""
