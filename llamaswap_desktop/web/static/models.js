// What the state says about models, in the words of the page.

import { command } from "./api.js";
import { size } from "./format.js";
import { attempt } from "./store.js";

export const isLoading = (model) => model.state === "starting" || (model.state !== "ready" && model.waiting > 0);
export const isUp = (model) => model.state === "ready" || isLoading(model);

/** The word that decides colour and shape: ready, loading, stopping, failed or stopped. */
export function moodOf(model) {
  if (isLoading(model)) return "loading";
  if (model.state === "ready" || model.state === "stopping") return model.state;
  return model.problem ? "failed" : "stopped";
}

export function wordFor(model) {
  if (model.state === "ready") return "Loaded";
  if (model.state === "starting") return "Starting…";
  if (model.state === "stopping") return model.is_stuck ? "Does not stop" : "Stopping…";
  if (isLoading(model)) return "Waiting for its turn…";
  return model.problem ? "Failed" : "Not loaded";
}

/** "Loaded · 5.4 GiB · answering 1" */
export function factsOf(model) {
  const facts = [wordFor(model)];
  if (model.memory_bytes) facts.push(size(model.memory_bytes));
  if (model.in_flight) facts.push(`answering ${model.in_flight}`);
  if (model.waiting) facts.push(`${model.waiting} waiting`);
  return facts;
}

/** The sentence of the head line. */
export function summaryOf(models) {
  const loading = models.filter(isLoading);
  const ready = models.filter((model) => model.state === "ready");
  if (loading.length) return `Loading ${named(loading)}…`;
  if (ready.length) return `${named(ready)} ${ready.length === 1 ? "is" : "are"} loaded`;
  return models.length ? "No model is loaded" : "No models yet";
}

const named = (models) => (models.length === 1 ? models[0].name : `${models.length} models`);

export const load = (id) => attempt(() => command("load", { model: id }));
export const unload = (id) => attempt(() => command("unload", { model: id }));
export const setPinned = (id, isPinned) => attempt(() => command(isPinned ? "pin" : "unpin", { model: id }));
export const unloadAll = () => attempt(() => command("unload_all"), "Everything is being unloaded.");

/** Every name that requests may use, for choosing one: local models, then selectors, then peers. */
export function choicesOf({ picture, status, listed }) {
  const local = (picture?.models ?? []).map(({ id, name }) => ({ id, name, kind: "Models", flags: status.get(id)?.capabilities }));
  const virtual = listed
    .filter((record) => record.meta?.llamaswap?.type === "selector")
    .map(({ id, name }) => ({ id, name: name ?? id, kind: "Selectors" }));
  const peers = [...status.values()]
    .filter((model) => model.peerID)
    .map(({ id, capabilities }) => ({ id, name: id, kind: "Peers", flags: capabilities }));
  return [...local, ...virtual, ...peers];
}
