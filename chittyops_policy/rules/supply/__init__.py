"""Rules about what is run: pins, local references, calls to reusable workflows."""
