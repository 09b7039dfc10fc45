"""The settings on GitHub that protect workflows: what the pack asks for, what is there, and the steps between them."""
