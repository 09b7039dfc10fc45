"""Rules about names in expressions, filters and schedules that lead nowhere."""
