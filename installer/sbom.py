"""The list of what the bundle is made of (SBOM), as SPDX 2.3: for people who have to know, and for scanners."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from installer import about
from installer.licences import Part

_NAMESPACE = "https://spdx.org/spdxdocs/llamaswap-desktop"


def spdx(parts: Iterable[Part]) -> str:
    """Return the document; the first part is the program, and it contains all the others."""
    program, *others = parts
    facts = about.build_facts()
    packages = [_package(part) for part in (program, *others)]
    contained = [(_id(program), "CONTAINS", _id(part)) for part in others]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", _id(program)), *contained]
    digest = hashlib.sha256(json.dumps(packages).encode()).hexdigest()[:16]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{program.name}-{program.version}",
        "documentNamespace": f"{_NAMESPACE}-{program.version}-{digest}",
        "creationInfo": {"created": facts["build_date"], "creators": ["Tool: llamaswap-desktop-installer"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def write(folder: str, parts: Iterable[Part]) -> str:
    """Write the document into ``folder``; return its path."""
    path = Path(folder) / "parts.spdx.json"
    path.write_text(spdx(parts), encoding="utf-8")
    return str(path)


def _id(part: Part) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", part.name)


def _package(part: Part) -> dict[str, object]:
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.url}
    return {
        "SPDXID": _id(part),
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": part.licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [reference],
    }
