"""Makes a wheel with the hot modules compiled, for this Python and this system: ``python -m installer.wheel [FOLDER]``.

It is the plain wheel with the extensions beside their modules.  ``pip install .`` makes the plain one, which runs
everywhere and needs no compiler.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from installer import compile as compiling
from installer.contents import PACKAGE, ROOT


def pack(tree: Path, out: Path) -> Path:
    """Make a wheel in ``out`` of what ``compile_into`` has put into ``tree``; return it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        shutil.copytree(tree / PACKAGE.name, source / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source / name)
        words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, str(source))
        subprocess.run([sys.executable, "-W", "ignore", "-m", "pip", *words], check=True)
        (plain,) = Path(folder).glob("*.whl")
        out.mkdir(parents=True, exist_ok=True)
        target = out / plain.name.replace("py3-none-any", _tag())
        extensions = compiling.extensions(source)
        _write(target, plain, {path.relative_to(source).as_posix(): path.read_bytes() for path in extensions})
        return target


def _tag() -> str:
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return f"{python}-{python}-{re.sub(r'[-.]', '_', sysconfig.get_platform())}"


def _write(target: Path, plain: Path, extensions: dict[str, bytes]) -> None:
    with zipfile.ZipFile(plain) as wheel:
        files = {name: wheel.read(name) for name in wheel.namelist()} | extensions
    (about,) = (name for name in files if name.endswith(".dist-info/WHEEL"))
    files[about] = files[about].replace(b"Root-Is-Purelib: true", b"Root-Is-Purelib: false")
    files[about] = re.sub(rb"Tag: .*", f"Tag: {_tag()}".encode(), files[about])
    (record,) = (name for name in files if name.endswith(".dist-info/RECORD"))
    del files[record]
    lines = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[record] = "".join([*lines, f"{record},,\n"]).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            wheel.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def main() -> int:
    """Make the wheel in the folder that is named, or in ``dist``."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            compiling.compile_into(Path(folder))
        except compiling.CannotCompile as error:
            print(f"no compiled wheel: {error}; 'pip wheel .' makes the plain one", file=sys.stderr)
            return 1
        made = pack(Path(folder), Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist")
    print(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
