"""Policy as code for GitHub Actions: one engine for the commit hook, the required check and the audit."""

__version__ = "0.1.0"
