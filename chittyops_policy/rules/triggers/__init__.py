"""Rules about what starts a workflow, who can start it, and what it then takes in."""
