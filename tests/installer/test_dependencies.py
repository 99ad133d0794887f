"""What is bundled is what the program depends on, and nothing that is merely installed."""

from importlib import metadata

from installer import dependencies


def test_dependencies_are_those_of_this_system_and_theirs():
    found = dependencies.dependencies()
    assert {"aiohttp", "yarl", "ruamel-yaml"} <= found
    assert not found & {"pytest", "pyinstaller", "llamaswap-desktop"}


def test_strangers_are_everything_else():
    found = set(dependencies.strangers())
    assert {"pytest", "_pytest", "hypothesis"} <= found
    assert not found & {"llamaswap_desktop", "aiohttp", "yaml", "ruamel", "PIL", "typing_extensions"}


def test_each_dependency_tells_its_version():
    places = {place for _, place in dependencies.metadata_files()}
    assert len(places) == len(dependencies.dependencies())
    assert f"aiohttp-{metadata.version('aiohttp')}.dist-info" in places
