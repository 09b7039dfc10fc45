"""A repository's own policy file that is wrong or goes too far; found by `policy.effective`, not by a check."""
