"""What is compiled can be: what mypyc would take and get wrong is found without compiling.  The rest: tests/package."""

import ast

import pytest

from installer import compile as compiling
from installer.contents import PACKAGE, ROOT

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def classes_of(path):
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef)]


HOT_CLASSES = {node.name for path in MODULES if name_of(path) in compiling.HOT for node in classes_of(path)}


@pytest.mark.parametrize("module", compiling.HOT)
def test_no_compiled_module_defines_a_struct(module):
    bases = {ast.unparse(base) for node in classes_of(PACKAGE / f"{module}.py") for base in node.bases}
    assert not bases & {"Struct", "msgspec.Struct"}


def test_no_python_class_inherits_from_a_compiled_one():
    heirs = [
        f"{name_of(path)}: {node.name}"
        for path in MODULES
        if name_of(path) not in compiling.HOT
        for node in classes_of(path)
        if {ast.unparse(base) for base in node.bases} & HOT_CLASSES
    ]
    assert heirs == []


def test_what_extensions_import_is_told_to_the_bundler():
    imports = set(compiling.imports())
    assert {"httptools", "msgspec", "llamaswap_desktop.native__mypyc", "llamaswap_desktop.proxy.wanted"} <= imports
    assert {"llamaswap_desktop.routing.alphabet", "llamaswap_desktop.http1.framing"} <= imports


def test_without_a_compiler_the_bundle_is_made_from_this_tree(monkeypatch, tmp_path, capsys):
    def cannot(_folder):
        raise compiling.CannotCompile("no C compiler that works: cc: not found")

    monkeypatch.setattr(compiling, "compile_into", cannot)
    assert compiling.prepare(str(tmp_path / "made")) == str(ROOT)
    assert "will be slower: no C compiler that works: cc: not found" in capsys.readouterr().err
