"""libyaml's event parser, reached without what the rest of PyYAML costs at start-up.

``import yaml`` compiles the regular expressions of the pure-Python reader, scanner, resolver and constructor: more
than a third of the time of a check of one file, for code that the check never runs. The compiled parser only wants a
few classes by name when it is loaded; here it gets the real ones where they are cheap and bare exceptions elsewhere.
A later ``import yaml`` by somebody else loads the whole package as usual.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _compiled_parser() -> tuple[Any, Any]:
    """(parser class, base class of its errors) of libyaml's binding, loaded alone."""
    if "yaml" in sys.modules:
        raise ImportError("PyYAML is loaded already")
    finder = next(finder for finder in sys.meta_path if getattr(finder, "__name__", "") == "PathFinder")
    spec = finder.find_spec("yaml", None)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("PyYAML is not installed")
    package = type(sys)("yaml")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["yaml"] = package
    try:
        # The order matters: each of these takes its names from the package above.
        import yaml.error
        import yaml.events
        import yaml.nodes
        import yaml.tokens

        unread = type("ReaderError", (yaml.error.YAMLError,), {"__init__": _reader_error, "__str__": _reader_words})
        for module, error in (
            ("reader", unread),
            ("scanner", type("ScannerError", (yaml.error.MarkedYAMLError,), {})),
            ("parser", type("ParserError", (yaml.error.MarkedYAMLError,), {})),
            ("composer", type("ComposerError", (yaml.error.MarkedYAMLError,), {})),
            ("constructor", type("ConstructorError", (yaml.error.MarkedYAMLError,), {})),
            ("emitter", type("EmitterError", (yaml.error.YAMLError,), {})),
            ("serializer", type("SerializerError", (yaml.error.YAMLError,), {})),
            ("representer", type("RepresenterError", (yaml.error.YAMLError,), {})),
        ):
            holder = type(sys)(module)
            setattr(holder, error.__name__, error)
            setattr(package, module, holder)
        import yaml._yaml

        return yaml._yaml.CParser, yaml.error.YAMLError
    finally:
        # Its modules stay, the hollow package goes: whoever imports yaml next gets the whole of it.
        sys.modules.pop("yaml", None)


def _reader_error(self: Any, name: str, position: int, character: Any, encoding: str, reason: str) -> None:
    self.name = name
    self.position = position
    self.character = character
    self.encoding = encoding
    self.reason = reason


def _reader_words(self: Any) -> str:
    return f"unacceptable character {self.character!r}: {self.reason}"


FAST = True
"""Whether libyaml is in use; the pure-Python parser gives the same events about 25 times slower."""
_parser: Any
YAMLError: Any
try:
    _parser, YAMLError = _compiled_parser()
except Exception:
    # Another version of PyYAML, built without libyaml or wanting other names: take it whole, in whatever form it has.
    import yaml

    FAST = hasattr(yaml, "CBaseLoader")
    _parser, YAMLError = getattr(yaml, "CBaseLoader", yaml.BaseLoader), yaml.YAMLError

# Whichever way PyYAML was loaded, its events module is there; a plain import would load the whole package first.
_events = sys.modules["yaml.events"]
AliasEvent: Any = _events.AliasEvent
DocumentStartEvent: Any = _events.DocumentStartEvent
MappingEndEvent: Any = _events.MappingEndEvent
MappingStartEvent: Any = _events.MappingStartEvent
ScalarEvent: Any = _events.ScalarEvent
SequenceEndEvent: Any = _events.SequenceEndEvent
SequenceStartEvent: Any = _events.SequenceStartEvent
StreamEndEvent: Any = _events.StreamEndEvent


def new_parser(text: str) -> Any:
    """A parser over a text with `get_event()`, which raises `YAMLError`."""
    return _parser(text)
