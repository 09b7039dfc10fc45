"""The rules that are written in Python: one module a rule, one folder a theme."""
