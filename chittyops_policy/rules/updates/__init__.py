"""Rules about Dependabot's settings."""
