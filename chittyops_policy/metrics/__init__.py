"""The charter's performance targets, measured from runs, deployments and alerts on GitHub."""
