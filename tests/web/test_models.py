"""``/v1/models``: who is listed, with exactly which fields (HTTP specification, section 13)."""

import time

import pytest

from llamaswap_desktop.types import ProcessState
from tests.web.served import served

BARE = {"object": "model", "owned_by": "llama-swap", "status": {"value": "unloaded"}}

EVERYTHING = """
includeAliasesInList: true
models:
  plain: {cmd: run, proxy: "http://127.0.0.1:1"}
  hidden: {cmd: run, proxy: "http://127.0.0.1:1", unlisted: true, aliases: [also-hidden]}
  full:
    cmd: run
    proxy: http://127.0.0.1:1
    name: "  Emma "
    description: " talks "
    aliases: [em, org/em]
    metadata: {type: mine, family: e, architecture: dropped, context_length: 5}
    capabilities: {in: [text, image, audio], out: [text, image], tools: true, reranker: true, context: 8192}
  said: {cmd: run, proxy: "http://127.0.0.1:1", metadata: {context_length: 5, deep: {er: [1, null]}}}
peers:
  p:
    proxy: http://10.0.0.1
    models: [x, shared, x]
  q:
    proxy: http://10.0.0.2
    models: [shared]
selectors:
  first: {strategy: pin, targets: [em, plain], name: " F ", metadata: {strategy: mine, k: 1}}
  any: {strategy: warm, targets: [plain, said]}
  spread: {strategy: spillover, targets: [plain, p/x], settings: {spillover: 3}}
  secret: {strategy: pin, targets: [plain], unlisted: true}
profiles:
  work:
    pins: {gpt: plain, off: "", hidden: plain, em: plain, x: plain, shared: plain, any: plain, secret: said}
"""


def without_time(record):
    record = dict(record)
    assert abs(record.pop("created") - time.time()) < 5
    return record


async def listed(it, path="/v1/models"):
    answer = await it.get_json(path)
    assert answer.keys() == {"object", "data"}
    assert answer["object"] == "list"
    ids = [record["id"] for record in answer["data"]]
    assert ids == sorted(ids, key=str.encode)
    return {record["id"]: without_time(record) for record in answer["data"]}


async def test_every_kind_of_record(tmp_path):
    async with served(tmp_path, EVERYTHING) as it:
        records = await listed(it)
        assert list(records) == [
            "any", "em", "first", "full", "org/em", "p/shared", "p/x", "plain", "q/shared", "said", "spread",
        ]  # fmt: skip
        assert records["plain"] == {**BARE, "id": "plain", "meta": {"llamaswap": {"type": "model"}}}
        shown = {
            **BARE,
            "name": "Emma",
            "description": "talks",
            "architecture": {
                "input_modalities": ["text", "image", "audio"],
                "output_modalities": ["text", "image"],
                "modality": "text+image+audio->text+image",
            },
            "capabilities": {
                "vision": True,
                "audio_transcriptions": True,
                "image_generation": True,
                "image_to_image": True,
                "function_calling": True,
                "reranker": True,
            },
            "supported_parameters": ["tools", "tool_choice"],
            "context_length": 8192,
        }
        about = {"family": "e", "type": "model", "aliases": ["em", "org/em"]}
        assert records["full"] == {**shown, "id": "full", "meta": {"llamaswap": about, "n_ctx": 8192}}
        alias = {"family": "e", "type": "alias", "modelID": "full"}
        for name in ("em", "org/em"):
            assert records[name] == {**shown, "id": name, "meta": {"llamaswap": alias, "n_ctx": 8192}}
        assert records["said"]["meta"] == {
            "llamaswap": {"context_length": 5, "deep": {"er": [1, None]}, "type": "model"}
        }
        assert records["p/x"] == {
            **BARE, "id": "p/x", "name": "p: x", "meta": {"llamaswap": {"type": "peer", "peerID": "p"}},
        }  # fmt: skip
        assert records["first"] == {
            **BARE,
            "id": "first",
            "name": "F",
            "meta": {"llamaswap": {"k": 1, "type": "selector", "strategy": "pin", "targets": ["em", "plain"]}},
        }
        assert records["spread"]["meta"]["llamaswap"] == {
            "type": "selector", "strategy": "spillover", "targets": ["plain", "p/x"], "spillover": 3,
        }  # fmt: skip
        assert await listed(it, "/models") == records


async def test_pins_of_the_active_profile_that_name_nothing_else(tmp_path):
    async with served(tmp_path, EVERYTHING) as it:
        before = await listed(it)
        it.core.set_profile("work")
        after = await listed(it)
        # 'shared' is offered by two peers, so as a bare name it is nobody's
        assert after.keys() - before.keys() == {"gpt", "shared"}
        assert after["gpt"] == {**BARE, "id": "gpt", "meta": {"llamaswap": {"type": "profile"}}}


async def test_aliases_are_listed_only_when_asked_for(tmp_path):
    async with served(tmp_path, EVERYTHING.replace("includeAliasesInList: true", "")) as it:
        assert "em" not in await listed(it)


@pytest.mark.parametrize(
    ("state", "loaded", "selectors"),
    [
        (ProcessState.STOPPED, False, False),
        (ProcessState.STARTING, True, True),
        (ProcessState.READY, True, True),
        (ProcessState.STOPPING, True, False),
    ],
)
async def test_status(tmp_path, state, loaded, selectors):
    async with served(tmp_path, EVERYTHING) as it:
        for name in ("full", "plain"):
            it.processes[name].state = state
        records = await listed(it)
        is_loaded = {name for name, record in records.items() if record["status"] == {"value": "loaded"}}
        assert {name for name in is_loaded if name in it.processes or "em" in name} == (
            {"full", "plain", "em", "org/em"} if loaded else set()
        )
        assert is_loaded & {"first", "any", "spread"} == ({"first", "any", "spread"} if selectors else set())


async def test_pin_selector_looks_at_its_first_target_only(tmp_path):
    async with served(tmp_path, EVERYTHING) as it:
        it.processes["plain"].state = ProcessState.READY
        records = await listed(it)
        assert records["first"]["status"] == {"value": "unloaded"}
        assert records["any"]["status"] == {"value": "loaded"}


async def test_any_page_may_read_the_list(tmp_path):
    async with served(tmp_path) as it:
        _, headers, _ = await it.get("/v1/models", headers={"Origin": "http://chat.example"})
        assert headers["Access-Control-Allow-Origin"] == "http://chat.example"
        for settings in ({}, {"headers": {"Origin": ""}}):
            _, headers, _ = await it.get("/models", **settings)
            assert "Access-Control-Allow-Origin" not in headers


async def test_empty_list(tmp_path):
    async with served(tmp_path, "models: {}\n") as it:
        assert await it.get_json("/v1/models") == {"object": "list", "data": []}
