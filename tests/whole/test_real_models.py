"""Two real llama-servers behind the whole program."""

import asyncio
import json

import aiohttp
import psutil
import pytest

from tests.models.llama_server import llama_server_command
from tests.models.tiny_gguf import write_tiny_gguf
from tests.needs import need_llama_server
from tests.whole.program import events_of, free_ports, running_program, text_of

pytestmark = [pytest.mark.whole, pytest.mark.real, pytest.mark.linux]

GREEDY = {"temperature": 0, "seed": 1}


@pytest.fixture
def config(tmp_path) -> str:
    need_llama_server()
    entries = ""
    for seed, name in enumerate(("alice", "bob"), start=1):
        gguf = write_tiny_gguf(tmp_path / f"{name}.gguf", seed=seed, name=name)
        entries += f"  {name}:\n    cmd: |\n      {llama_server_command(gguf)}\n"
    return f"startPort: {free_ports()}\nmodels:\n{entries}"


async def spoken(program, model: str) -> str:
    status, answer = await program.chat(model, max_tokens=24, **GREEDY)
    assert status == 200, answer
    return answer["choices"][0]["message"]["content"]


async def test_concurrent_plain_and_streamed_requests_are_each_answered_once_by_the_right_model(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        expected = {model: await spoken(program, model) for model in ("alice", "bob")}
        assert expected["alice"] != expected["bob"]

        async def plain(model):
            return model, await spoken(program, model)

        async def streamed(model):
            body = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 24, **GREEDY}
            async with program.stream(model, **body) as answer:
                events = await events_of(answer)
            assert events.count("[DONE]") == 1
            return model, text_of(events)

        asked = [ask(model) for _ in range(4) for model in ("alice", "bob") for ask in (plain, streamed)]
        answers = await asyncio.gather(*asked)
        assert len(answers) == 16
        for model, text in answers:
            assert text == expected[model]
        assert program.starts_of("alice") <= 3
        assert program.starts_of("bob") <= 3


async def test_completions_and_embeddings(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        status, answer = await program.post("/v1/completions", {"model": "bob", "prompt": "a", "max_tokens": 5})
        assert (status, answer["usage"]["completion_tokens"]) == (200, 5)
        status, answer = await program.post("/v1/embeddings", {"model": "alice", "input": "hello"})
        assert (status, len(answer["data"][0]["embedding"])) == (200, 64)
        status, answer = await program.post("/v/completions", {"model": "alice", "prompt": "a", "max_tokens": 2})
        assert status == 200


async def test_running_stream_is_never_cut_by_a_swap(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        async with program.stream("alice", max_tokens=3000, **GREEDY) as answer:
            first = await answer.content.readline()
            swap = asyncio.get_running_loop().create_task(spoken(program, "bob"))
            events = [first[6:].strip().decode(), *await events_of(answer)]
        assert events[-1] == "[DONE]"
        usage = next(json.loads(event) for event in reversed(events) if '"timings"' in event)
        assert usage["timings"]["predicted_n"] == 3000
        assert await swap
        assert list(await program.running()) == ["bob"]


async def test_client_that_leaves_stops_the_generation(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        async with program.stream("alice", max_tokens=20000, **GREEDY) as answer:
            await answer.content.readline()
        upstream = (await program.running())["alice"]["proxy"]

        async def is_idle():
            async with program.session.get(upstream + "/slots") as slots:
                slot = (await slots.json())[0]
                return not slot["is_processing"]

        await program.until(is_idle, "llama-server has stopped generating", timeout_s=2)
        async with program.session.get(upstream + "/metrics") as metrics:
            predicted = next(
                float(line.split()[1])
                for line in (await metrics.text()).splitlines()
                if line.startswith("llamacpp:tokens_predicted_total")
            )
        assert predicted < 20000


@pytest.mark.deviation
async def test_server_that_dies_in_mid_stream_is_visible_to_the_client(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        await spoken(program, "alice")
        async with program.stream("alice", max_tokens=20000, **GREEDY) as answer:
            await answer.content.readline()
            children = psutil.Process(program.process.pid).children()
            [victim] = [child for child in children if "alice.gguf" in " ".join(child.cmdline())]
            victim.kill()
            events = []
            with pytest.raises(aiohttp.ClientPayloadError):
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        events.append(line[6:].strip().decode())
        assert "[DONE]" not in events
        error = json.loads(events[-1])["error"]
        assert error["code"] == "bad_gateway"
        assert error["message"].startswith("upstream error: ")
        assert "alice" in error["message"]
        assert "SIGKILL" in error["message"]
        assert await spoken(program, "alice"), "the next request starts it again"


async def test_requests_for_several_models_are_collected(tmp_path, config):
    """A B A B asked at once, while A is loading, is served A A B B."""
    async with running_program(tmp_path, config) as program:
        await asyncio.gather(*(spoken(program, model) for model in ("alice", "bob", "alice", "bob")))
        assert (program.starts_of("alice"), program.starts_of("bob")) == (1, 1)


async def test_unload_frees_the_model(tmp_path, config):
    async with running_program(tmp_path, config) as program:
        await spoken(program, "alice")
        assert await program.get("/unload") == (200, "OK")
        assert await program.running() == {}
