"""Rules about what strangers write and a job executes."""
