"""Rules on security scanners: there, and able to fail."""
