"""Rules about secrets: which are read, how many are handed over, and which stand in the open."""
