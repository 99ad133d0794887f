"""Section 7.3: command texts."""

import pytest

from llamaswap_desktop.config import Platform, fill_in_pid, split_command
from llamaswap_desktop.config.command import without_comment_lines

BOTH = "the same on both"


@pytest.mark.parametrize(
    ("text", "posix", "windows"),
    [
        ("""run --p "a b" --q='c d'""", ["run", "--p", "a b", "--q=c d"], ["run", "--p", "a b", "--q='c", "d'"]),
        (r"run D:\m\q.gguf", ["run", "D:mq.gguf"], ["run", r"D:\m\q.gguf"]),
        (r'run "D:\m\\" x', ["run", "D:\\m\\", "x"], BOTH),
        ('run {"k":1}', ["run", "{k:1}"], BOTH),
        ('run "open', ["run", "open"], BOTH),
        ("run x # y", ["run", "x", "#", "y"], BOTH),
        ("", [], BOTH),
        (" \t\n ", [], BOTH),
        ("a\tb\nc  d", ["a", "b", "c", "d"], BOTH),
        ("a\rb", ["a\rb"], ["a", "b"]),
        ("a$X ~ * | > & ; `b`", ["a$X", "~", "*", "|", ">", "&", ";", "`b`"], BOTH),
        # comment lines and continued lines
        ("run\n  # no\n--x", ["run", "--x"], BOTH),
        ("# only", [], BOTH),
        ('run "a\n# b\nc"', ["run", "a\nc"], BOTH),
        ("a\\\nb", ["a", "b"], BOTH),
        ("a \\  \n  b", ["a", "b"], BOTH),
        ("run C:\\dir\\\n--x", ["run", "C:dir", "--x"], ["run", "C:\\dir", "--x"]),
        ("a\\\\\nb", ["a ", "b"], ["a\\", "b"]),
        ("a\\", ["a"], BOTH),
        # quotes
        ("""''""", [""], ["''"]),
        ('""', [""], BOTH),
        ('a "" b', ["a", "", "b"], BOTH),
        ('a""b', ["ab"], BOTH),
        ("\"a\"'b'c", ["abc"], ["a'b'c"]),
        ('"a""b"', ["ab"], ['a"b']),
        ('"a" "b"', ["a", "b"], BOTH),
        ("'a\\b'", ["a\\b"], ["'a\\b'"]),
        ("'open \"x", ['open "x'], ["'open", "x"]),
        # backslashes
        (r'"a\$b\`c\"d\\e\f"', [r'a$b`c"d\e\f'], [r'a\$b\`c"d\\e\f']),
        (r"a\ b", ["a b"], ["a\\", "b"]),
        (r"\"a", ['"a'], BOTH),
        (r'a\\"b c"', ["a\\b c"], BOTH),
        (r"a\\\"b", [r"a\"b"], BOTH),
        (r'"a\\" b', ["a\\", "b"], BOTH),
        (r'"a\"" b', ['a"', "b"], BOTH),
        (r"\\server\x", [r"\serverx"], [r"\\server\x"]),
        ('"a\\', ["a "], BOTH),
    ],
)
def test_splitting(text, posix, windows):
    assert split_command(text, Platform.POSIX) == posix
    assert split_command(text, Platform.WINDOWS) == (posix if windows is BOTH else windows)


def test_the_program_itself_is_left_as_it_is():
    assert split_command("llamaswap-desktop demo-model", Platform.POSIX) == ["llamaswap-desktop", "demo-model"]


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("text", ["a" * 100_000, '"' * 50_001, "\\" * 50_001 + '"', "'\" " * 30_000, "a\\\n" * 30_000])
def test_long_texts_take_no_time(platform, text):
    split_command(text, platform)


def test_comment_lines_are_removed_and_all_else_stays():
    assert without_comment_lines("a # b\n\t# c\n\n#\nd") == "a # b\n\nd"
    assert without_comment_lines("# a") == ""


def test_the_process_id():
    assert fill_in_pid("kill ${PID} ${PID}", 12) == "kill 12 12"
