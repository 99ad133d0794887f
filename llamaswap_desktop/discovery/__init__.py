"""Finds model files in the folders that the user has named, and proposes configuration; it never writes any."""

from llamaswap_desktop.discovery.model_files import ModelFile, find_model_files
from llamaswap_desktop.discovery.propose import proposal

__all__ = ["ModelFile", "find_model_files", "proposal"]
