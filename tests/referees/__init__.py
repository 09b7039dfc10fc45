"""Other people's parsers and linters that judge our verdicts in the tests."""
