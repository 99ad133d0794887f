"""The secrets that stand in a model's definition."""

import pytest

from llamaswap_desktop.config import Config, Model, masked_command, secrets_of
from llamaswap_desktop.types import ModelId


def model(cmd="", **fields) -> Model:
    return Model(id=ModelId("m"), cmd=cmd, **fields)


def configured(*models: Model) -> Config:
    return Config(models={its.id: its for its in models})


@pytest.mark.parametrize(
    ("cmd", "shown"),
    [
        ("llama-server --api-key sk-1234567 -m x", "llama-server --api-key *** -m x"),
        ("llama-server --api-key=sk-1234567", "llama-server --api-key=***"),
        ("llama-server\n  --api_key 'sk 1234567'", "llama-server --api_key '***'"),
        ("env HF_TOKEN=hf_abc vllm serve", "env HF_TOKEN=*** vllm serve"),
        ("serve --hf-token hf_abc --password pw123456", "serve --hf-token *** --password ***"),
        ("serve --max-tokens 512 --tokenizer big", "serve --max-tokens 512 --tokenizer big"),
        ("serve --api-key --verbose", "serve --api-key --verbose"),
        ("serve --port 1", "serve --port 1"),
    ],
)
def test_command_is_shown_without_its_secrets(cmd, shown):
    assert masked_command(model(cmd)) == shown


def test_environment_and_stop_command_hold_secrets_too():
    its = model("x", env=("HF_TOKEN=one", "COLOUR=blue", "MY_SECRET=", "AWS_KEY_ID=three"), cmd_stop="stop --token=two")
    assert secrets_of(configured(its)) == {"one", "two", "three"}


def test_switches_are_no_secrets():
    its = model("run --token 0", env=("HF_HUB_DISABLE_IMPLICIT_TOKEN=1", "TOKENIZERS_PARALLELISM=false", "KEY=True"))
    assert secrets_of(configured(its)) == frozenset()


def test_addresses_may_hold_a_password():
    assert secrets_of(configured(model(proxy="http://me:one@127.0.0.1:1"))) == {"one"}


def test_short_secret_is_masked_as_a_word_only():
    assert masked_command(model("alpha --api-key a --name a-b a")) == "alpha --api-key *** --name ***-b ***"
