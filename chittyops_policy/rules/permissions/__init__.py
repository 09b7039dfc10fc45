"""Rules about the permissions of the job's token and of tokens of GitHub Apps."""
