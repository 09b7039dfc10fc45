"""Rules about what is set on GitHub; without somebody to ask they leave their question open."""
