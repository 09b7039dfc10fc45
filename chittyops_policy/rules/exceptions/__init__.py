"""Exceptions that are unused, unexplained, expired or unknown; found by `exceptions.judge`, not by a check."""
