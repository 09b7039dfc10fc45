"""Rules about conditions and other expressions that do not mean what they seem to."""
