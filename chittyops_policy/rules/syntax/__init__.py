"""Rules about what the YAML of a file says before anything else is asked of it."""
