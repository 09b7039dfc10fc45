"""Rules on where deployments get their credentials."""
