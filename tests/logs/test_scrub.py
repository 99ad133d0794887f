"""What looks like a secret is hidden, and what does not is left."""

import pytest

from llamaswap_desktop.logs import scrub


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key sk-abcdefgh12345678 end", "key *** end"),
        ("hf_abcdefghijklmnop", "***"),
        ("--api-key s3cr3t -m x", "--api-key *** -m x"),
        ("--hf-token='s3 x'", "--hf-token='***'"),
        ('--hf-token="s3"', '--hf-token="***"'),
        ("OPENAI_API_KEY=s3cr3t next", "OPENAI_API_KEY=*** next"),
        ('{"api_key": "s3cr3t", "n": 1}', '{"api_key": "***", "n": 1}'),
        ("password: hunter2", "password: ***"),
        ("GET /x?token=abc&n=1", "GET /x?token=***&n=1"),
        ("http://me:pw@host/x", "http://me:***@host/x"),
        ("Authorization: Bearer abc", "Authorization: Bearer ***"),
        ("prompt tokens: 512, total_tokens=9", "prompt tokens: 512, total_tokens=9"),
        ('"apiKey": ""', '"apiKey": ""'),
        ("apiKeys:\n- '***'\n", "apiKeys:\n- '***'\n"),
        ("a quiet line: nothing at all", "a quiet line: nothing at all"),
    ],
)
def test_scrub(text, clean):
    assert scrub(text) == clean
