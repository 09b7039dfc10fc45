"""The YAML language server that editors run, as a referee of what a person sees while typing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from .node import installed, tool


class Diagnostic(NamedTuple):
    """One underlined place; the line counts from 1."""

    line: int
    message: str


def diagnostics(files: dict[str, str], schemas: Mapping[Path, str | list[str]]) -> dict[str, list[Diagnostic]]:
    """What the server underlines in each file (name → text), given schema path → glob or globs of file names."""
    settings = {
        "yaml": {
            "validate": True,
            "schemas": {path.as_uri(): glob for path, glob in schemas.items()},
            "schemaStore": {"enable": False},
        }
    }
    program = installed() / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    command = [tool("node"), str(program), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        capabilities = {"workspace": {"configuration": True}}
        _send(server.stdin, "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities}, 1)
        found: dict[str, list[Diagnostic]] = {}
        try:
            while len(found) < len(files):
                message = _receive(server.stdout)
                method = message.get("method")
                if method is None:
                    _send(server.stdin, "initialized", {})
                    _send(server.stdin, "workspace/didChangeConfiguration", {"settings": settings})
                    for name, text in files.items():
                        document = {"uri": f"file:///{name}", "languageId": "yaml", "version": 1, "text": text}
                        _send(server.stdin, "textDocument/didOpen", {"textDocument": document})
                elif method == "textDocument/publishDiagnostics":
                    name = message["params"]["uri"].removeprefix("file:///")
                    found[name] = [
                        Diagnostic(entry["range"]["start"]["line"] + 1, entry["message"])
                        for entry in message["params"]["diagnostics"]
                    ]
                elif method == "workspace/configuration":
                    wanted = [settings.get(item.get("section"), {}) for item in message["params"]["items"]]
                    _write(server.stdin, {"id": message["id"], "result": wanted})
                elif "id" in message:
                    _write(server.stdin, {"id": message["id"], "result": None})
        finally:
            server.kill()
        return found


def _send(stream: IO[bytes], method: str, parameters: dict[str, Any], number: int | None = None) -> None:
    _write(stream, {"method": method, "params": parameters} | ({} if number is None else {"id": number}))


def _write(stream: IO[bytes], message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    stream.flush()


def _receive(stream: IO[bytes]) -> dict[str, Any]:
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        raise RuntimeError("the language server stopped")
    message: dict[str, Any] = json.loads(stream.read(length))
    return message
