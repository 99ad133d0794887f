// The conversation: it lives beside the page, so that an answer goes on arriving while another page is looked at.

import { eventsOf } from "../../api.js";
import { useEffect, useReducer } from "../../html.js";
import { add } from "../activity/reassemble.js";
import { requestModel } from "./session.js";

const DEFAULTS = { system: "", temperature: "", top_p: "", max_tokens: "", seed: "" };

/** A turn: { role, text, images } or, of a model, { role, model, text, reasoning, tools, error, figures, isRunning }. */
export const conversation = {
  turns: [],
  settings: { ...DEFAULTS, ...stored() },
};

let leaving = null;
const listeners = new Set();
let frame = 0;

function stored() {
  try {
    return JSON.parse(localStorage.getItem("playground-settings") ?? "{}");
  } catch {
    return {};
  }
}

/** Draws the component again when the conversation has grown, at most once a frame. */
export function useConversation() {
  const [, redraw] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    listeners.add(redraw);
    return () => listeners.delete(redraw);
  }, []);
  return conversation;
}

function tell() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    for (const listener of listeners) listener();
  });
}

export function setSetting(name, value) {
  conversation.settings = { ...conversation.settings, [name]: value };
  localStorage.setItem("playground-settings", JSON.stringify(conversation.settings));
  tell();
}

export function clear() {
  stop();
  conversation.turns = [];
  tell();
}

export function stop() {
  leaving?.abort();
}

export const isRunning = () => conversation.turns.at(-1)?.isRunning === true;

export function send(model, text, images = []) {
  conversation.turns = [...conversation.turns, { role: "user", text, images }];
  return answer(model);
}

/** Answers the last question anew. */
export function regenerate(model) {
  const last = conversation.turns.findLastIndex(({ role }) => role === "user");
  conversation.turns = conversation.turns.slice(0, last + 1);
  return answer(model);
}

async function answer(model) {
  leaving = new AbortController();
  const began = performance.now();
  const whole = { text: "", reasoning: "", tools: [], error: "", rest: null };
  let firstAt = 0;
  const messages = messagesOf(conversation);
  const show = (members) => {
    const turn = { role: "assistant", model, ...whole, tools: whole.tools.filter(Boolean), ...members };
    conversation.turns = [...conversation.turns.slice(0, -1), turn];
    tell();
  };
  conversation.turns = [...conversation.turns, {}];
  show({ isRunning: true });
  try {
    const response = await requestModel("/v1/chat/completions", bodyOf(model, messages), leaving.signal);
    for await (const data of eventsOf(response)) {
      if (data === "[DONE]") break;
      add(whole, JSON.parse(data));
      if (!firstAt && (whole.text || whole.reasoning)) firstAt = performance.now();
      show({ isRunning: true });
    }
  } catch (error) {
    whole.error = error.name === "AbortError" ? "Stopped." : error.message;
  }
  show({ isRunning: false, figures: figuresOf(whole.rest, began, firstAt, performance.now()) });
}

function messagesOf({ turns, settings }) {
  const said = turns.filter(({ text, images }) => text || images?.length).map(({ role, text, images }) => ({
    role,
    content: images?.length ? [{ type: "text", text }, ...images.map((url) => ({ type: "image_url", image_url: { url } }))] : text,
  }));
  return settings.system ? [{ role: "system", content: settings.system }, ...said] : said;
}

function bodyOf(model, messages) {
  const { system, ...settings } = conversation.settings;
  const given = Object.entries(settings).filter(([, value]) => value !== "").map(([name, value]) => [name, Number(value)]);
  return { model, messages, stream: true, stream_options: { include_usage: true }, ...Object.fromEntries(given) };
}

/** { written, perSecond, firstS, tookS }: the server's own speed where it tells one, else as it was seen here. */
function figuresOf(rest, began, firstAt, endedAt) {
  const written = rest?.timings?.predicted_n ?? rest?.usage?.completion_tokens;
  const writing_s = (endedAt - firstAt) / 1000;
  return {
    written,
    perSecond: rest?.timings?.predicted_per_second ?? (written && firstAt && writing_s > 0 ? written / writing_s : 0),
    firstS: firstAt ? (firstAt - began) / 1000 : null,
    tookS: (endedAt - began) / 1000,
  };
}
