"""A configuration as people have it at home, with built-in demo models behind the names; and a morning of requests."""

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor, wait

from tests.whole.program import free_ports

MODELS = {
    "qwen3-8b": (
        "Qwen3 8B",
        "The quick one: chat, tools, short drafts.",
        "{context: 32768, tools: true, in: [text], out: [text]}",
    ),
    "gemma3-27b": ("Gemma 3 27B", "Sees images, writes well.", "{context: 131072, in: [text, image], out: [text]}"),
    "devstral-24b": ("Devstral Small 24B", "For the editor.", "{context: 65536, tools: true, in: [text], out: [text]}"),
    "gpt-oss-20b": (
        "gpt-oss 20B",
        "Thinks before it answers.",
        "{context: 131072, tools: true, in: [text], out: [text]}",
    ),
    "bge-m3": ("BGE M3", "Embeddings for the notes.", "{context: 8192}"),
    "whisper-large": ("Whisper large v3", "Turns speech into text.", "{in: [audio], out: [text]}"),
}


def household() -> str:
    """Six models in two groups, a selector, two profiles and a peer."""
    models = ""
    for model, (name, description, capabilities) in MODELS.items():
        command = f"{sys.executable} -m llamaswap_desktop demo-model --port ${{PORT}} --name {model} --load-time 0.4"
        models += (
            f'  {model}:\n    name: {name}\n    description: "{description}"\n    cmd: {command} --word-delay 0.01\n'
            f"    aliases: [{model.partition('-')[0]}]\n    capabilities: {capabilities}\n    ttl: 600\n"
        )
    return (
        f"startPort: {free_ports()}\nmodels:\n{models}"
        "groups:\n"
        "  chat:\n    swap: true\n    exclusive: false\n    members: "
        "[qwen3-8b, gemma3-27b, devstral-24b, gpt-oss-20b]\n"
        "  small helpers:\n    swap: false\n    exclusive: false\n    persistent: true\n    members: "
        "[bge-m3, whisper-large]\n"
        "selectors:\n  quick:\n    name: Whatever is warm\n    strategy: warm\n    targets: [qwen3-8b, gpt-oss-20b]\n"
        "profiles:\n  coding:\n    pins: {default: devstral-24b}\n  writing:\n    pins: {default: gemma3-27b}\n"
        "peers:\n  studio:\n    proxy: http://127.0.0.1:9\n    models: [llama-3.3-70b, flux-dev]\n"
    )


QUESTIONS = (
    "Write a haiku about swapping models.",
    "Summarise the meeting in three points, please, and keep it short.",
    "Why is the sky blue?",
    "Translate 'good morning' into Japanese.",
)


def fill(address: str, rounds: int = 4) -> None:
    """Ask this and that of several models."""
    with ThreadPoolExecutor(4) as pool:
        for round_ in range(rounds):
            for model in ("qwen3-8b", "gemma3-27b", "bge-m3"):
                streams = round_ % 2 == 0
                wait([pool.submit(ask, address, model, question, streams) for question in QUESTIONS])


def ask(address: str, model: str, question: str, streams: bool) -> None:
    path = "/v1/embeddings" if model == "bge-m3" else "/v1/chat/completions"
    body = {"model": model, "messages": [{"role": "user", "content": question}], "input": question}
    if streams and model != "bge-m3":
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"Content-Type": "application/json", "X-Session-ID": "morning"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
