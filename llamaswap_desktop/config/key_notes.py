"""One line about each key of a model, for editors and forms; the specification has the whole of it."""

from collections.abc import Mapping

import msgspec

from llamaswap_desktop.config.schema import Capabilities, Compat, Filters, Footprint, Model, Timeouts

NOTES: Mapping[type[msgspec.Struct], Mapping[str, str]] = {
    Model: {
        "cmd": "Command that starts its server; ${PORT} becomes a free port",
        "cmdStop": "Command that stops it, with ${PID}; empty: it is asked to end, then forced",
        "proxy": "Where its server listens",
        "aliases": "Other names that requests may use",
        "env": "Variables of its environment, each NAME=value",
        "checkEndpoint": "Path that answers 200 once it is ready; none: it is ready as soon as it runs",
        "ttl": "Seconds without a request until it is unloaded; 0: never; -1: as globalTTL says",
        "unloadTimeout": "Seconds that it may take to end; 0: as for all models",
        "unlisted": "Hidden from lists of models, but usable",
        "useModelName": "Name that its server is asked for instead",
        "name": "Name to show",
        "description": "What it is good for",
        "concurrencyLimit": "Requests at once, further ones are refused with 429; 0: ten",
        "filters": "What is changed in the JSON of its requests",
        "macros": "Texts for ${name} in this model",
        "metadata": "Whatever lists of models are to say of it",
        "sendLoadingState": "Tell streaming clients while it loads",
        "timeouts": "Seconds that each step of a request may take; 0: no limit",
        "compat": "Concessions to particular servers",
        "capabilities": "What it takes and gives, for clients and for the playground",
        "healthCheckTimeout": "Accepted, but the global value holds",
        "evictTimeout": "Seconds that an evicted model may take for its running answers; 0: as for all models",
        "loadTimeout": "Seconds that a load may take; 0: as healthCheckTimeout says",
        "loadStallTimeout": "Seconds without a line in its log until a load has failed; 0: any number",
        "queueTimeout": "Seconds that a request may wait for it; 0: any number",
        "pinned": "Neither evicted nor unloaded for idleness",
        "memory": "What it takes; what is not said is learnt",
    },
    Filters: {
        "stripParams": "Names that are removed, with commas",
        "setParams": "Values that are set",
        "setParamsByID": "Values that are set for requests by one of these names, which become aliases",
        "strip_params": "The former name of stripParams",
    },
    Capabilities: {
        "in": "What it takes: text, audio, image",
        "out": "What it gives: text, audio, image",
        "tools": "It calls tools",
        "reranker": "It reranks",
        "context": "Tokens of its context",
    },
    Timeouts: {
        "connect": "Until it is connected",
        "keepalive": "Between two signs of life of a silent connection",
        "responseHeader": "Until an answer begins",
        "tlsHandshake": "Until both sides of an https address trust each other",
        "expectContinue": "Until a large body is sent unasked",
        "idleConn": "Until an unused connection is closed",
    },
    Compat: {"ignoreWebsockets": "Web sockets count neither as use nor against the limit"},
    Footprint: {"vram": "MiB on the GPU", "ram": "MiB of the computer's own memory"},
}
