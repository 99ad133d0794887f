"""The Playground: each of its tabs against a model that answers."""

import pytest

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser

EARS = "    capabilities: {in: [audio], out: [text]}\n"


def config():
    return configuration(
        responder("m", "--chunk-delay", "0.05"),
        responder("slow", "--chunk-delay", "0.5"),
        responder("dying", "--die-mid-stream", "--chunk-delay", "0.3"),
        responder("ears", more=EARS),
        responder("quick ears", "--streams-text", "--chunk-delay", "0.3", more=EARS),
        responder("ranker", "--ranks", more="    capabilities: {reranker: true}\n"),
        responder("painter", more="    capabilities: {in: [text, image], out: [image]}\n"),
    )


def say(view, text):
    view.write(".writer textarea", text)
    view.click(".writer button", "Send")


def test_chat_streams_and_tells_its_figures(view):
    view.open("#/playground/chat?model=m")
    say(view, "Hello")
    view.sees(".turn.user", "Hello")
    view.sees(".turn.assistant", "m0 m1 m2 m3 m4")
    view.sees(".turn-end", "7 tokens")
    view.click("[aria-label='Answer again']")
    view.sees(".turn-end", "tokens/s")
    assert len(view.all(".turn")) == 2
    view.go("#/models")
    view.go("#/playground/chat?model=m")
    view.sees(".turn.assistant", "m4")
    view.click(".writer button", "Clear")
    view.sees(".empty", "Ask something")


def test_chat_is_stopped_and_follows_its_settings(view):
    view.open("#/playground/chat?model=slow")
    view.click("button", "Settings")
    view.write(".chat-settings textarea", "Be brief.")
    view.write(".chat-settings label:nth-of-type(4) input", "50")
    say(view, "Go on and on")
    view.sees(".turn.assistant", "m0")
    view.click("button", "Stop")
    view.sees(".turn .error-text", "Stopped.")
    view.go("#/activity/1")
    view.open("#/playground/chat?model=slow")
    view.sees(".writer")
    assert view.run("return JSON.parse(localStorage.getItem('playground-settings')).system") == "Be brief."
    view.run("localStorage.removeItem('playground-settings')")


def test_answer_goes_on_while_another_page_is_shown(view):
    view.open("#/playground/chat?model=m")
    say(view, "Hello")
    view.go("#/models")
    view.sees("[data-model=m]")
    view.go("#/playground/chat?model=m")
    view.sees(".turn.assistant", "m4")


def test_picture_is_drawn(view):
    view.open("#/playground/images?model=m")
    view.click("button", "Draw")
    until(
        lambda: view.find(".drawn img").get_attribute("src").startswith("data:image/png;base64,"),
        "the picture is there",
    )


def test_speech_can_be_heard_and_kept(view):
    view.open("#/playground/speech?model=m")
    view.click("button", "Speak")
    until(lambda: view.find("audio").get_attribute("src").startswith("blob:"), "the sound is there")
    view.click("button", "Save")
    file = until(lambda: next(view.downloads.glob("speech*.mp3"), None), "the sound is kept")
    until(lambda: file.read_bytes().startswith(b"ID3 Every program"), "it is whole")


def test_recording_is_written_down(view, tmp_path):
    view.open("#/playground/transcription?model=ears")
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    view.sees("input[type=file]").send_keys(str(tmp_path / "voice.wav"))
    view.click("button", "Write down")
    view.sees("[aria-label=Transcription] pre", "4 bytes of voice.wav")


def test_answers_that_are_none_are_explained(view):
    view.expected = ["404", "500", "502", "ERR_INCOMPLETE"]
    view.open("#/playground/rerank?model=m")
    view.click("button", "Rank")
    view.sees(".error-text", "holds no ranking")
    view.open("#/playground/chat?model=dying")
    say(view, "Hello")
    view.sees(".turn.assistant", "m0")  # of what comes together with the end a browser may drop the last
    view.sees(".turn .error-text")


def test_completion_and_embeddings(view):
    view.open("#/playground/completion?model=m")
    view.click("button", "Go on")
    view.sees("[aria-label=Completion] pre", "Once upon a time")
    view.open("#/playground/embeddings?model=m")
    view.click("button", "Embed")
    view.sees("[aria-label=Embeddings] h2", "of 2 numbers")


def test_only_what_a_model_can_do_is_offered(view):
    view.open("#/playground/transcription")
    view.sees("select[name=model]")
    assert "ears" in view.sees("select[name=model]", "ears").text
    view.open("#/playground/chat")
    view.sees("select[name=model]", "slow")
    assert "ears" not in view.find("select[name=model]").text


def test_load_test_counts_every_answer(view):
    view.open("#/playground/load?model=m")
    view.write("input[name=requests]", "20")
    view.click("button", "Start")
    view.sees(".totals", "20 of 20", timeout_s=20)
    view.sees(".chart h2", "Tokens each second")


def test_documents_are_ranked_by_a_reranker_which_is_offered_first(view):
    view.open()
    view.run("localStorage.clear()")
    view.open("#/playground/rerank")
    view.sees("select[name=model]")
    until(lambda: view.find("select[name=model]").get_property("value") == "ranker", "the reranker is chosen")
    view.click("button", "Rank")
    view.sees(".ranks li:first-child", "Llamas eat grass and hay.")
    view.sees(".ranks li:first-child", "1.0000")


def test_voices_are_asked_for(view):
    view.open("#/playground/speech?model=m")
    view.click("button", "Ask for voices")
    view.sees("button", "Ask for voices (2)")
    options = view.run("return [...document.querySelectorAll('#voices option')].map((each) => each.value)")
    assert options == ["alto", "tenor"]


def test_recording_is_written_down_while_it_is_heard(view, tmp_path):
    view.open("#/playground/transcription?model=quick ears")
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    view.sees("input[type=file]").send_keys(str(tmp_path / "voice.wav"))
    view.click("button", "Write down")
    view.sees("[aria-label=Transcription] pre", "what was")
    assert "here" not in view.find("[aria-label=Transcription] pre").text
    view.sees("[aria-label=Transcription] pre", "what was heard ends here.")


def test_picture_is_made_out_of_another(view, tmp_path):
    view.open("#/playground/images?model=painter")
    (tmp_path / "llama.png").write_bytes(b"a picture")
    view.sees("input[type=file]").send_keys(str(tmp_path / "llama.png"))
    view.click("button", "Draw")
    until(lambda: view.find(".drawn img").get_attribute("src").startswith("data:image/png;base64,"), "it is there")


def test_load_test_is_drawn_while_it_runs_and_can_be_stopped(view):
    view.open("#/playground/load?model=m")
    view.write("input[name=requests]", "10000")
    view.click("button", "Start")
    box = view.sees("[aria-label='Tokens each second'] .chart-box")
    seen = {box.get_attribute("aria-label")}
    until(lambda: seen.add(box.get_attribute("aria-label")) or len(seen) > 3, "it is drawn again and again")
    assert view.sees("button", "Stop")
    view.click("button", "Stop")
    view.sees("button", "Start")
    assert "10,000 of 10,000" not in view.find(".totals").text
    assert not view.all("[aria-label='Load test'] .error-text")
