"""Rules about habits that age badly or turn a protection off."""
