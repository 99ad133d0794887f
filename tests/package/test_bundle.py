"""The bundle itself: small, quick, modest, complete."""

import json
import shutil
import statistics
import subprocess
import time
import zipfile
from importlib import metadata

import psutil
import pytest

from installer import about, contents
from installer.dependencies import dependencies
from tests.package.installed import need_bundle, running, user_environment
from tests.waiting import wait_until

pytestmark = [pytest.mark.package, pytest.mark.linux]

MB = 1_000_000


def test_the_folder_is_at_most_60_mb():
    files = [path for path in need_bundle().rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) <= 60 * MB


def test_it_serves_within_one_and_a_half_seconds_and_stays_small(tmp_path):
    words = [str(need_bundle() / contents.CONSOLE_NAME), "serve", "--user"]
    times_s = []
    for number in range(5):
        began = time.monotonic()
        with running(words, tmp_path / f"{number}.log", user_environment(tmp_path)) as program:
            assert program.get("/health") == "OK"
            times_s.append(time.monotonic() - began)
            if number == 4:
                own = psutil.Process(program.process.pid)
                wait_until(lambda own=own: own.memory_info().rss <= 90 * MB, "what a start needs once is given back")
    print(f"start until serving: {[round(each, 3) for each in times_s]}")
    assert statistics.median(times_s) <= 1.5


@pytest.mark.parametrize("name", [contents.CONSOLE_NAME, contents.TRAY_NAME])
def test_both_programs_say_what_they_are(name):
    answer = subprocess.run([need_bundle() / name, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(f"llamaswap-desktop {about.version()} (commit ")
    assert ", compiled, " in answer.stdout


def test_every_file_that_is_read_at_run_time_is_inside(tmp_path):
    inside = need_bundle() / "_internal"
    for source, place in contents.data_files():
        name = source.rpartition("/")[2]
        assert (inside / place / name).is_file(), f"{place}/{name}"
    words = [str(need_bundle() / contents.CONSOLE_NAME), "serve", "--user"]
    with running(words, tmp_path / "log", user_environment(tmp_path)) as program:
        assert "<html" in program.get("/ui/")
    schema = subprocess.run([need_bundle() / contents.CONSOLE_NAME, "schema"], capture_output=True, check=True)
    assert b"$schema" in schema.stdout


def test_every_licence_is_shipped():
    licences = need_bundle() / "_internal" / "licences"
    names = {path.name for path in licences.iterdir() if path.is_dir()}
    assert {"llamaswap-desktop", "python", "pyinstaller", "aiohttp", "pillow", "uvloop"} <= names
    for name in names:
        assert [path for path in (licences / name).iterdir() if path.stat().st_size > 200], name
    listed = json.loads((licences / "parts.spdx.json").read_text())
    assert {package["name"] for package in listed["packages"]} == names
    assert all(package["versionInfo"] for package in listed["packages"])
    said = {package["name"]: package["licenseDeclared"] for package in listed["packages"]}
    assert "NOASSERTION" not in said.values()
    viral = {name for name, licence in said.items() if licence.startswith(("GPL", "AGPL")) and " WITH " not in licence}
    assert viral == set(), "what is under the GPL would put the program under it"


def test_nothing_is_inside_that_is_merely_installed_beside_it():
    """Test libraries and what they bring would double its size."""
    listed = json.loads((need_bundle() / "_internal" / "licences" / "parts.spdx.json").read_text())
    urls = [package["externalRefs"][0]["referenceLocator"] for package in listed["packages"]]
    packages = {url.removeprefix("pkg:pypi/").partition("@")[0] for url in urls if url.startswith("pkg:pypi/")}
    assert packages <= {*dependencies(), "pyinstaller"}


def test_diagnose_knows_what_is_inside(tmp_path):
    words = [need_bundle() / contents.CONSOLE_NAME, "diagnose", tmp_path / "archive.zip"]
    subprocess.run(words, env=user_environment(tmp_path), check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        versions = json.loads(archive.read("versions.json"))
    assert versions["is_bundled"] is True
    assert versions["libraries"]["aiohttp"] == metadata.version("aiohttp")


def test_idle_it_hardly_uses_the_processor(tmp_path):
    words = [str(need_bundle() / contents.CONSOLE_NAME), "serve", "--user"]
    with running(words, tmp_path / "log", user_environment(tmp_path)) as program:
        own = psutil.Process(program.process.pid)
        wait_until(lambda: own.cpu_percent(0.5) < 5, "the start is over")
        before_s = sum(own.cpu_times()[:2])
        time.sleep(5)
        assert sum(own.cpu_times()[:2]) - before_s < 0.05


def test_portable_copy_leaves_nothing_in_the_home(tmp_path):
    copy, home = tmp_path / "Stick of Söhne", tmp_path / "home"
    shutil.copytree(need_bundle(), copy, symlinks=True)
    (copy / "data").mkdir()
    home.mkdir()
    for words in (["serve", "--user"], []):
        program = [str(copy / contents.CONSOLE_NAME), *words]
        with running(program, tmp_path / "log", user_environment(home)) as portable:
            assert "demo" in portable.chat()
    assert (copy / "data" / "config.yaml").is_file()
    assert (copy / "data" / "logs").is_dir()
    assert list(home.iterdir()) == []
