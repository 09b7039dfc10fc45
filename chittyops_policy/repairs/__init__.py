"""Repairs: for each rule that can fix, a module of its name with ``repair(finding, context)``."""
