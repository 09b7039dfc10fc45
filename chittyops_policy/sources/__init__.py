"""Where the files of a repository come from."""
