"""Files that GitHub would not accept."""
