"""One module a format; each is a pure function ``render(reports, ...) -> str`` and the format's ``NAME``."""
