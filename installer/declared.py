"""Which licence the makers of a part declare, as an SPDX expression.

Newer Python packages say it so themselves; older ones by a free text or by classifiers, of which those count that
leave no doubt.  For the rest somebody has read the texts: ``READ``.
"""

from collections.abc import Mapping

READ: Mapping[str, str] = {
    "google-re2": "BSD-3-Clause",
    "libffi8": "MIT",
    "libsqlite3-0": "blessing",
    "libssl3": "Apache-2.0",
    "libuuid1": "BSD-3-Clause",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "pystray": "LGPL-3.0-or-later",
    "uvloop": "MIT OR Apache-2.0",
    "zlib1g": "Zlib",
}
"""Distributions whose makers are not clear, and Debian's packages, whose copyright files are about whole sources."""

LINKED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "google-re2": (("abseil-cpp", "Apache-2.0"), ("pybind11", "BSD-3-Clause")),
    "pyyaml": (("libyaml", "MIT"),),
    "uvloop": (("libuv", "MIT"),),
}
"""What is compiled into the libraries of others, which their metadata does not tell; the texts are in ``texts/``."""

_TEXTS = {
    "apache 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "mit": "MIT",
    "mit license": "MIT",
    "psf-2.0": "PSF-2.0",
}
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}


def licence_of(name: str, facts: Mapping[str, object]) -> str:
    """Return the licence of a Python distribution by its metadata, as ``metadata.json`` has it; empty if unclear."""
    if found := READ.get(name) or facts.get("license_expression"):
        return str(found)
    if found := _TEXTS.get(str(facts.get("license", "")).strip().lower()):
        return found
    classifiers = facts.get("classifier")
    listed = classifiers if isinstance(classifiers, list) else []
    licences = {_CLASSIFIERS.get(line, "") for line in listed if line.startswith("License :: ")}
    return licences.pop() if len(licences) == 1 else ""


def licence_of_system_package(name: str) -> str:
    """Return the licence of a Debian package's library; empty if nobody has read it yet."""
    return READ.get(name.removesuffix("t64"), "")
