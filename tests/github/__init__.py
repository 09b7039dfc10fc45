"""An emulated GitHub for tests: npm ``emulate`` behind a proxy that adds what it lacks, counts and breaks."""
