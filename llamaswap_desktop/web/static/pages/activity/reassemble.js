// Puts a streamed answer together again: OpenAI's chat, completions and responses, and Anthropic's messages.

/** { text, reasoning, tools: [{ name, arguments }], error, rest: the figures of the last events } */
export function reassemble(stream) {
  const whole = { text: "", reasoning: "", tools: [], error: "", rest: null };
  for (const line of stream.split("\n")) {
    if (!line.startsWith("data:")) continue;
    const data = line.slice(5).trim();
    if (data && data !== "[DONE]") add(whole, parsed(data));
  }
  return whole;
}

function parsed(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

/** Takes one event in; the playground shows answers by it as they arrive. */
export function add(whole, event) {
  if (event.error) whole.error = event.error.message ?? String(event.error);
  const figures = event.usage ?? event.response?.usage ?? event.message?.usage;
  if (figures || event.timings) whole.rest = { ...whole.rest, ...(figures && { usage: figures }), ...(event.timings && { timings: event.timings }) };
  const choice = event.choices?.[0];
  if (choice) addChoice(whole, choice);
  else if (event.type === "content_block_start" && event.content_block?.type === "tool_use") {
    whole.tools.push({ name: event.content_block.name, arguments: "" });
  } else if (event.type === "content_block_delta") addAnthropic(whole, event.delta ?? {});
  else if (event.type === "response.output_text.delta") whole.text += event.delta ?? "";
  else if (event.type === "response.reasoning_text.delta") whole.reasoning += event.delta ?? "";
  return whole;
}

function addChoice(whole, { delta = {}, text }) {
  whole.text += delta.content ?? text ?? "";
  whole.reasoning += delta.reasoning_content ?? delta.reasoning ?? "";
  for (const { index = 0, function: called = {} } of delta.tool_calls ?? []) {
    whole.tools[index] ??= { name: "", arguments: "" };
    whole.tools[index].name += called.name ?? "";
    whole.tools[index].arguments += called.arguments ?? "";
  }
}

function addAnthropic(whole, delta) {
  whole.text += delta.text ?? "";
  whole.reasoning += delta.thinking ?? "";
  if (delta.partial_json && whole.tools.length) whole.tools.at(-1).arguments += delta.partial_json;
}
