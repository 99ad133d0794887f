"""Which files are models, and which only look like some."""

from pathlib import Path

import pytest

from llamaswap_desktop.discovery import ModelFile, find_model_files

MODELS = {
    "Qwen3-8B-Q4_K_M.gguf": 4,
    "Qwen3-8B-Q8_0.gguf": 8,
    "vision/gemma-3.gguf": 3,
    "vision/mmproj-gemma-3.gguf": 1,
    "vision/other.gguf": 2,
    "llava/llava.gguf": 3,
    "llava/mmproj-BF16.gguf": 1,
    "big/Big-00001-of-00003.gguf": 5,
    "big/Big-00002-of-00003.gguf": 5,
    "big/Big-00003-of-00003.gguf": 2,
    "half/Half-00001-of-00002.gguf": 5,
    "half/Late-00002-of-00002.gguf": 5,
    "load/Loading.gguf.part": 1,
    "load/Loading.gguf.incomplete": 1,
    "load/notes.txt": 1,
    ".hidden/Hidden.gguf": 1,
    "hub/models--org--m/snapshots/abc/Ünicode name.GGUF": 6,
}


@pytest.fixture
def folder(tmp_path):
    for name, size in MODELS.items():
        file = tmp_path / "models" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    return tmp_path / "models"


def test_each_model_is_found_once_and_nothing_else(folder):
    assert find_model_files([folder, folder / "vision", folder / "nowhere"]) == [
        ModelFile("Big", folder / "big/Big-00001-of-00003.gguf", 12),
        ModelFile("gemma-3", folder / "vision/gemma-3.gguf", 3, folder / "vision/mmproj-gemma-3.gguf"),
        ModelFile("llava", folder / "llava/llava.gguf", 3, folder / "llava/mmproj-BF16.gguf"),
        ModelFile("other", folder / "vision/other.gguf", 2),
        ModelFile("Qwen3-8B-Q4_K_M", folder / "Qwen3-8B-Q4_K_M.gguf", 4),
        ModelFile("Qwen3-8B-Q8_0", folder / "Qwen3-8B-Q8_0.gguf", 8),
        ModelFile("Ünicode name", folder / "hub/models--org--m/snapshots/abc/Ünicode name.GGUF", 6),
    ]


@pytest.mark.linux
def test_links_lead_to_files_but_not_in_circles(folder):
    (folder / "again").symlink_to(folder)
    (folder / "broken.gguf").symlink_to(folder / "gone.gguf")
    (folder / "linked.gguf").symlink_to(folder / "Qwen3-8B-Q8_0.gguf")
    names = [model.name for model in find_model_files([folder])]
    assert names.count("Qwen3-8B-Q8_0") + names.count("linked") == 1
    assert "broken" not in names


def test_depth_is_bounded(tmp_path):
    deep = tmp_path
    for number in range(12):
        deep /= str(number)
        deep.mkdir()
        (deep / f"{number}.gguf").touch()
    assert len(find_model_files([tmp_path])) == 8


@pytest.mark.parametrize(
    ("command", "is_named"),
    [
        ("llama-server -m /models/a.gguf --port 1", True),
        ("llama-server --model=/models/a.gguf", True),
        ('llama-server -m "/models/a.gguf"', True),
        ("llama-server -m /models/a.gguf2", False),
        ("llama-server -m /old/models/a.gguf", False),
    ],
)
def test_file_is_named_by_a_whole_word(command, is_named):
    assert ModelFile("a", Path("/models/a.gguf"), 1).is_named_in(command) is is_named
