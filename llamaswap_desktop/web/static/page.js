// Draws what the server says, once a second, and faster while a model is on its way.  It holds no truth of its own.

const CALM_MS = 1000;
const BUSY_MS = 250;
const PATIENCE_MS = 5000;

const byId = (id) => document.getElementById(id);
const rows = new Map();
let timer = 0;

async function ask(path, body) {
  const request = body === undefined
    ? {}
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { ...request, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function command(verb, body = {}) {
  try {
    await ask(`/api/desktop/commands/${verb}`, body);
  } catch (error) {
    byId("status").textContent = `That did not work: ${error.message}`;
    return;
  }
  look();
}

async function look() {
  clearTimeout(timer);
  let pause = CALM_MS;
  try {
    const state = await ask("/api/desktop/state");
    document.body.classList.remove("lost");
    draw(state);
    if (state.models.some((model) => isLoading(model) || model.state === "stopping")) pause = BUSY_MS;
  } catch {
    document.body.classList.add("lost");
    byId("status").textContent = "The program does not answer. It may have been closed.";
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause);
}

function isLoading(model) {
  return model.state === "starting" || (model.state !== "ready" && model.waiting > 0);
}

function draw({ models, problems }) {
  byId("status").textContent = statusOf(models);
  byId("free").disabled = !models.some((model) => model.state === "ready" || isLoading(model));
  byId("no-models").hidden = models.length > 0;
  drawModels(models.filter((model) => !model.unlisted));
  byId("problems").hidden = problems.length === 0;
  byId("problem-list").replaceChildren(...problems.map(asListItem));
}

function statusOf(models) {
  const loading = models.filter(isLoading);
  const ready = models.filter((model) => model.state === "ready");
  if (loading.length) return `Loading ${counted(loading)}…`;
  if (ready.length) return `${counted(ready)} ${ready.length === 1 ? "is" : "are"} loaded`;
  return "No model is loaded";
}

function counted(models) {
  return models.length === 1 ? models[0].name : `${models.length} models`;
}

function asListItem(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function drawModels(models) {
  for (const [id, row] of rows) {
    if (!models.some((model) => model.id === id)) {
      row.remove();
      rows.delete(id);
    }
  }
  for (const [position, model] of models.entries()) {
    const row = rows.get(model.id) ?? newRow(model.id);
    drawModel(row, model);
    const list = byId("models");
    if (list.children[position] !== row) list.insertBefore(row, list.children[position] ?? null);
  }
}

function newRow(id) {
  const row = byId("model").content.firstElementChild.cloneNode(true);
  row.querySelector("button").addEventListener("click", ({ currentTarget }) => {
    command(currentTarget.dataset.verb, { model: id });
  });
  rows.set(id, row);
  return row;
}

function drawModel(row, model) {
  const isReady = model.state === "ready";
  const isLoadingNow = isLoading(model);
  row.className = isLoadingNow ? "loading" : isReady || model.state === "stopping" ? model.state
    : model.problem ? "failed" : "stopped";
  row.querySelector(".name").textContent = model.name;
  row.querySelector(".facts").textContent = factsOf(model).join(" · ");
  row.querySelector(".problem").textContent = isLoadingNow || isReady ? "" : model.problem;
  const button = row.querySelector("button");
  button.dataset.verb = isReady || isLoadingNow ? "unload" : "load";
  button.textContent = isReady ? "Unload" : isLoadingNow ? "Cancel" : "Load";
  button.setAttribute("aria-label", `${button.textContent} ${model.name}`);
  button.classList.toggle("primary", !isReady && !isLoadingNow);
}

function factsOf(model) {
  const facts = [wordFor(model)];
  if (model.memory_bytes) facts.push(sizeOf(model.memory_bytes));
  if (model.in_flight) facts.push(`answering ${model.in_flight}`);
  if (model.waiting) facts.push(`${model.waiting} waiting`);
  if (model.name !== model.id) facts.push(model.id);
  return facts;
}

function wordFor(model) {
  if (model.state === "ready") return "Loaded";
  if (model.state === "starting") return "Starting…";
  if (model.state === "stopping") return "Stopping…";
  if (isLoading(model)) return "Waiting for its turn…";
  return model.problem ? "Failed" : "Not loaded";
}

function sizeOf(bytes) {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

async function copy({ currentTarget: button }) {
  const source = byId(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Not a secure context (another computer's browser): the text is selected, so that Ctrl+C copies it.
    getSelection().selectAllChildren(source);
    button.textContent = "Ctrl+C";
    return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

byId("address").textContent = location.origin;
byId("base-url").textContent = `${location.origin}/v1`;
byId("free").addEventListener("click", () => command("unload_all"));
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", copy);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
