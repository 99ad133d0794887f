"""The clients that people use: the official packages, curl, and what they send, through the whole program."""

import asyncio
import base64
import json

import anthropic
import openai
import pytest

from tests.models.llama_server import llama_server_command
from tests.models.tiny_gguf import write_tiny_gguf
from tests.needs import need, need_llama_server
from tests.whole.program import free_ports, running_program
from tests.whole.test_life import model

pytestmark = [pytest.mark.whole, pytest.mark.real, pytest.mark.linux]

HELLO = [{"role": "user", "content": "Say hello."}]
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


@pytest.fixture
def config(tmp_path) -> str:
    """``real`` is a llama-server with a tiny model, ``fake`` a server that also speaks audio, images and tools."""
    need_llama_server()
    gguf = write_tiny_gguf(tmp_path / "real.gguf", seed=1, name="real")
    real = f"  real:\n    aliases: [gpt-4o-mini, claude-sonnet]\n    cmd: |\n      {llama_server_command(gguf)}\n"
    groups = "groups:\n  all: {swap: false, members: [real, fake]}\n"
    return f"startPort: {free_ports()}\n{groups}models:\n{real}{model('fake')}"


async def test_openai_in_its_own_thread(tmp_path, config):
    """The synchronous client: models, chat plain and streamed, completions, embeddings, responses."""
    async with running_program(tmp_path, config) as program:

        def use() -> None:
            with openai.OpenAI(base_url=program.address + "/v1", api_key="none", max_retries=0) as client:
                assert {each.id for each in client.models.list()} == {"real", "fake"}
                chat = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, max_tokens=8)
                assert chat.choices[0].message.content
                assert chat.usage.completion_tokens == 8
                stream = client.chat.completions.create(
                    model="real",
                    messages=HELLO,
                    max_tokens=8,
                    stream=True,
                    stream_options={"include_usage": True},
                )
                chunks = list(stream)
                assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
                assert chunks[-1].usage.completion_tokens == 8
                assert client.completions.create(model="real", prompt="a", max_tokens=4).usage.completion_tokens == 4
                assert len(client.embeddings.create(model="real", input="hello").data[0].embedding) == 64
                answer = client.responses.create(model="real", input="hi", max_output_tokens=16)
                assert answer.output_text
                events = [
                    each.type
                    for each in client.responses.create(model="real", input="hi", stream=True, max_output_tokens=16)
                ]
                assert (events[0], events[-1]) == ("response.created", "response.completed")

        await asyncio.to_thread(use)


async def test_openai_on_the_loop_with_tools_images_and_audio(tmp_path, config):
    async with (
        running_program(tmp_path, config) as program,
        openai.AsyncOpenAI(base_url=program.address + "/v1", api_key="none", max_retries=0) as client,
    ):
        looking = [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
        ]
        seen = await client.chat.completions.create(
            model="fake", messages=[{"role": "user", "content": looking}], tools=[TOOL]
        )
        [call] = seen.choices[0].message.tool_calls
        assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Paris"})
        many = await asyncio.gather(
            *(client.chat.completions.create(model=name, messages=HELLO, max_tokens=4) for name in ["real", "fake"] * 4)
        )
        assert len(many) == 8
        heard = await client.audio.transcriptions.create(model="fake", file=("a.wav", b"RIFF" * 1000, "audio/wav"))
        assert heard.text == "4000 bytes of a.wav"
        spoken = await client.audio.speech.create(model="fake", voice="alloy", input="hello")
        assert spoken.content == b"ID3 hello"
        drawn = await client.images.generate(model="fake", prompt="a llama")
        assert base64.b64decode(drawn.data[0].b64_json) == b"a llama"
        changed = await client.images.edit(model="fake", image=("a.png", b"png" * 100, "image/png"), prompt="a hat")
        assert base64.b64decode(changed.data[0].b64_json) == b"a hat"


async def test_openai_on_the_loop_streams_embeds_and_responds(tmp_path, config):
    """What the synchronous client does, by the other one; and a tool that is called piece by piece."""
    async with (
        running_program(tmp_path, config) as program,
        openai.AsyncOpenAI(base_url=program.address + "/v1", api_key="none", max_retries=0) as client,
    ):
        assert {each.id async for each in client.models.list()} == {"real", "fake"}
        stream = await client.chat.completions.create(model="real", messages=HELLO, max_tokens=8, stream=True)
        chunks = [chunk async for chunk in stream]
        assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
        streamed = await client.completions.create(model="real", prompt="a", max_tokens=4, stream=True)
        assert "".join([each.choices[0].text async for each in streamed])
        vectors = await client.embeddings.create(model="real", input=["hello", "you"])
        assert [len(each.embedding) for each in vectors.data] == [64, 64]
        answer = await client.responses.create(model="real", input="hi", max_output_tokens=16)
        assert answer.output_text
        events = [
            each.type
            async for each in await client.responses.create(model="real", input="hi", stream=True, max_output_tokens=16)
        ]
        assert (events[0], events[-1]) == ("response.created", "response.completed")
        calling = await client.chat.completions.create(model="fake", messages=HELLO, tools=[TOOL], stream=True)
        pieces = [
            each.choices[0].delta.tool_calls[0].function async for each in calling if each.choices[0].delta.tool_calls
        ]
        assert pieces[0].name == "weather"
        assert json.loads("".join(piece.arguments for piece in pieces)) == {"city": "Paris"}


async def test_openai_in_its_own_thread_with_tools_images_and_audio(tmp_path, config):
    async with running_program(tmp_path, config) as program:

        def use() -> None:
            with openai.OpenAI(base_url=program.address + "/v1", api_key="none", max_retries=0) as client:
                called = client.chat.completions.create(model="fake", messages=HELLO, tools=[TOOL])
                assert called.choices[0].message.tool_calls[0].function.name == "weather"
                heard = client.audio.transcriptions.create(model="fake", file=("a.wav", b"RIFF" * 9, "audio/wav"))
                assert heard.text == "36 bytes of a.wav"
                with client.audio.speech.with_streaming_response.create(
                    model="fake", voice="alloy", input="hello"
                ) as spoken:
                    assert b"".join(spoken.iter_bytes()) == b"ID3 hello"
                drawn = client.images.generate(model="fake", prompt="a llama")
                assert base64.b64decode(drawn.data[0].b64_json) == b"a llama"

        await asyncio.to_thread(use)


async def test_openai_understands_our_refusals(tmp_path, config):
    text = config + "apiKeys: [open-sesame]\n"
    async with running_program(tmp_path, text) as program:
        settings = {"base_url": program.address + "/v1", "max_retries": 0}
        async with openai.AsyncOpenAI(api_key="wrong", **settings) as client:
            with pytest.raises(openai.AuthenticationError, match="invalid or missing API key"):
                await client.models.list()
        async with openai.AsyncOpenAI(api_key="open-sesame", **settings) as client:
            with pytest.raises(openai.NotFoundError, match="no router for requested model"):
                await client.chat.completions.create(model="nope", messages=HELLO)
            slow = [client.chat.completions.create(model="real", messages=HELLO, max_tokens=3000) for _ in range(11)]
            outcomes = await asyncio.gather(*slow, return_exceptions=True)
            [refused] = [each for each in outcomes if isinstance(each, Exception)]
            assert isinstance(refused, openai.RateLimitError)
            assert refused.response.headers["retry-after"] == "1"


async def test_anthropic(tmp_path, config):
    async with running_program(tmp_path, config) as program:

        def use() -> None:
            with anthropic.Anthropic(base_url=program.address, api_key="none", max_retries=0) as client:
                counted = client.messages.count_tokens(model="claude-sonnet", messages=HELLO)
                assert counted.input_tokens > 0
                message = client.messages.create(model="claude-sonnet", max_tokens=8, messages=HELLO)
                assert message.content[0].text
                assert message.usage.output_tokens == 8
                with client.messages.stream(model="claude-sonnet", max_tokens=8, messages=HELLO) as stream:
                    assert "".join(stream.text_stream) == stream.get_final_message().content[0].text

        await asyncio.to_thread(use)
        async with anthropic.AsyncAnthropic(base_url=program.address, api_key="none", max_retries=0) as client:
            async with client.messages.stream(model="real", max_tokens=8, messages=HELLO) as stream:
                text = "".join([piece async for piece in stream.text_stream])
                final = await stream.get_final_message()
            assert text == final.content[0].text
            counted = await client.messages.count_tokens(model="real", messages=HELLO)
            message = await client.messages.create(model="real", max_tokens=8, messages=HELLO)
            assert message.usage.input_tokens + message.usage.cache_read_input_tokens == counted.input_tokens
            with pytest.raises(anthropic.NotFoundError):
                await client.messages.create(model="nope", max_tokens=8, messages=HELLO)


async def test_anthropic_uses_tools_and_shows_pictures(tmp_path, config):
    looking = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"type": "text", "text": "What is this?"},
    ]
    asked = {
        "model": "fake",
        "max_tokens": 8,
        "messages": [{"role": "user", "content": looking}],
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
    }
    used = ("tool_use", "look", {"bytes": 8})
    async with running_program(tmp_path, config) as program:

        def use() -> None:
            with anthropic.Anthropic(base_url=program.address, api_key="none", max_retries=0) as client:
                [block] = client.messages.create(**asked).content
                assert (block.type, block.name, block.input) == used

        await asyncio.to_thread(use)
        async with anthropic.AsyncAnthropic(base_url=program.address, api_key="none", max_retries=0) as client:
            [block] = (await client.messages.create(**asked)).content
            assert (block.type, block.name, block.input) == used
            async with client.messages.stream(**asked) as stream:
                [block] = (await stream.get_final_message()).content
            assert (block.type, block.name, block.input) == used
        page = json.loads((await program.get("/api/metrics/activity"))[1])
        assert [entry["tokens"]["input_tokens"] for entry in page["data"]] == [12, 12, 12]


@pytest.mark.deviation
async def test_anthropic_sees_a_stream_that_breaks(tmp_path):
    text = f"startPort: {free_ports()}\nmodels:\n{model('m', '--die-mid-stream')}"
    async with (
        running_program(tmp_path, text) as program,
        anthropic.AsyncAnthropic(base_url=program.address, api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(anthropic.APIError, match="upstream error"):
            async for _ in await client.messages.create(model="m", max_tokens=8, messages=HELLO, stream=True):
                pass


async def test_curl(tmp_path, config):
    need("curl", "curl")
    async with running_program(tmp_path, config) as program:
        chat = json.dumps({"model": "real", "messages": HELLO, "max_tokens": 4, "stream": True})
        (tmp_path / "a.wav").write_bytes(b"RIFF" * 300_000)  # large enough for curl to ask first: Expect
        both = ["-H", "Content-Type: application/json", "-d", chat, f"{program.address}/v1/chat/completions"]
        streamed = await curl("-sN", *both)
        assert streamed.endswith("data: [DONE]\n\n")
        twice = await curl(
            "-s", "-w", "%{num_connects} ", f"{program.address}/health", "--next", "-s", "-w", "%{num_connects}", *both
        )
        assert twice.startswith("OK1 ")
        assert twice.endswith("0"), "the second request went over the same connection"
        upload = ["-F", "model=fake", "-F", f"file=@{tmp_path}/a.wav", f"{program.address}/v1/audio/transcriptions"]
        assert "1200000 bytes of a.wav" in await curl("-s", "-H", "Expect: 100-continue", *upload)
        assert await curl("-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", chat, both[-1]) == "404", "no JSON type"
        assert await curl("-s", "--http1.0", f"{program.address}/health") == "OK"
        assert "HTTP/1.1 200" in await curl("-sI", f"{program.address}/v1/models")


async def curl(*words: str) -> str:
    process = await asyncio.create_subprocess_exec("curl", *words, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    return output.decode()
