"""The texts that come with the program: a first configuration, one that shows every key, and the JSON schema."""

from importlib.resources import files


def starter_config_text(start_port: int = 19300) -> str:
    """Return the configuration of a first start: two built-in demo models, and how to add one's own."""
    return _text("starter.yaml").replace("startPort: 19300", f"startPort: {start_port}")


def example_config_text() -> str:
    """Return a configuration that shows every key, with comments."""
    return _text("example.yaml")


def schema_text() -> str:
    """Return the JSON schema of configurations, which ``json_schema`` has generated."""
    return _text("schema.json")


def _text(name: str) -> str:
    return files("llamaswap_desktop.config").joinpath(name).read_text(encoding="utf-8")
