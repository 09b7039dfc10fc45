"""Rules about values that become a part of a script."""
