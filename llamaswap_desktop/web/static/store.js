// The one state of the page, fed by the server's two streams: a picture of everything first, then what changes.
//
// Nothing here is truth of its own.  Whenever a connection begins (the first, one after a loss, one after the page was
// hidden for a while) everything arrives again, so that a reload is never a special case.

import { ask } from "./api.js";
import { useEffect, useReducer, useRef } from "./html.js";
import { whilePresent } from "./presence.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5000;
const WAIT_TICK_MS = 1000;
const MOST_LOADS_OF_WORK = 2000;

/**
 * `picture`: as GET /api/desktop/state, but for the models' `unloads_at_ms`.  `status`: the models of /api/events, peers included, by id.  `listed`: as
 * GET /v1/models.  `profiles`: as GET /api/profiles.  `inflight`: running requests, oldest first.  `newestActivity`: id
 * of the newest finished request.  `work`: how many requests ran and waited, whenever that changed.
 */
export let state = {
  connection: "connecting",
  picture: null,
  status: new Map(),
  listed: [],
  profiles: [],
  inflight: [],
  newestActivity: 0,
  sessionHeaders: [],
  work: [],
  notes: [],
};

const listeners = new Set();

function change(members) {
  state = { ...state, ...members };
  for (const listener of listeners) listener();
}

/** Returns what `select` picks from the state, and draws the component again when that is another. */
export function useStore(select) {
  const picked = select(state);
  const latest = useRef();
  latest.current = { select, picked };
  const [, redraw] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    const look = () => {
      if (!Object.is(latest.current.select(state), latest.current.picked)) redraw();
    };
    look();
    listeners.add(look);
    return () => listeners.delete(look);
  }, []);
  return picked;
}

// -- notes: short messages to the person

let noteNumber = 0;

/** Shows a message for some seconds; `kind` is "info" or "error". */
export function say(text, kind = "info") {
  const id = ++noteNumber;
  change({ notes: [...state.notes.slice(-3), { id, text, kind }] });
  setTimeout(() => dismiss(id), kind === "error" ? 10_000 : 4000);
}

export function dismiss(id) {
  change({ notes: state.notes.filter((note) => note.id !== id) });
}

/** Does something that the person asked for, and tells what went wrong. */
export async function attempt(action, done = "") {
  try {
    const result = await action();
    if (done) say(done);
    return result;
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, "error");
    return undefined;
  }
}

// -- streams

/** An event stream that comes back after every loss. */
class Feed {
  constructor(path, kinds, onEvent) {
    this.path = path;
    this.kinds = kinds;
    this.onEvent = onEvent;
    this.retryMs = FIRST_RETRY_MS;
    this.isOpen = false;
    this.hasFailed = false;
  }

  open() {
    this.close();
    this.source = new EventSource(this.path);
    this.source.onopen = () => {
      this.isOpen = true;
      this.hasFailed = false;
      this.retryMs = FIRST_RETRY_MS;
      tellConnection();
    };
    this.source.onerror = () => {
      this.close();
      this.hasFailed = true;
      this.timer = setTimeout(() => this.open(), this.retryMs);
      this.retryMs = Math.min(this.retryMs * 1.5, LONGEST_RETRY_MS);
      tellConnection();
    };
    for (const kind of this.kinds) {
      this.source.addEventListener(kind, (event) => {
        if (typeof event.data === "string") this.onEvent(kind, JSON.parse(event.data));
      });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.isOpen = false;
  }
}

const PICTURE_KINDS = [
  "state", "model", "models", "groups", "loads", "waiting", "devices", "problems", "profile", "profiles", "paused",
  "version",
];
const feeds = [
  new Feed("/api/desktop/events", PICTURE_KINDS, onPictureEvent),
  new Feed("/api/events", ["message"], (_, { type, data }) => onEvent(type, data)),
];

/** Begins to follow the server; called once. */
export function connect() {
  const open = () => feeds.forEach((feed) => feed.open());
  whilePresent(() => {
    open();
    return () => feeds.forEach((feed) => feed.close());
  });
  addEventListener("online", () => document.hidden || open());
}

function tellConnection() {
  const connection = feeds.every((feed) => feed.isOpen) ? "live" : feeds.some((feed) => feed.hasFailed) ? "lost" : state.connection;
  if (connection !== state.connection) change({ connection });
}

function onPictureEvent(kind, event) {
  if (kind === "state") return showPicture({ ...event, models: event.models.map(withClock) });
  if (state.picture === null) return undefined;
  if (kind === "models") return showPicture({ ...state.picture, ...event, models: event.models.map(withClock) });
  if (kind !== "model") return showPicture({ ...state.picture, ...event });
  const models = state.picture.models.map((model) => (model.id === event.model.id ? withClock(event.model) : model));
  return showPicture({ ...state.picture, rev: event.rev, models });
}

/** What is left is told only when it changes: from then on this browser's clock counts. */
const withClock = ({ unloads_in_s: left, ...model }) => ({ ...model, unloads_at_ms: left === null ? null : Date.now() + left * 1000 });

let waitTimer = 0;

function showPicture(picture) {
  change({ picture, work: withWork(state.work, picture) });
  clearTimeout(waitTimer);
  if (picture.waiting.length || picture.loads.length) waitTimer = setTimeout(lookAgain, WAIT_TICK_MS);
}

/** Waiting times grow without being an event: while somebody waits, the picture is fetched each second. */
async function lookAgain() {
  try {
    if (feeds[0].isOpen) onPictureEvent("state", await ask("/api/desktop/state"));
  } catch {
    // The feed says what is the matter with the connection.
  }
}

function withWork(work, { models, waiting }) {
  const running = models.reduce((sum, model) => sum + model.in_flight, 0);
  const last = work.at(-1);
  if (last?.running === running && last.waiting === waiting.length) return work;
  return [...work, { at_ms: Date.now(), running, waiting: waiting.length }].slice(-MOST_LOADS_OF_WORK);
}

function onEvent(type, data) {
  if (type === "logData") return; // the log page reads the log streams, which are the same text
  const message = JSON.parse(data);
  switch (type) {
    case "modelStatus":
      change({ status: new Map(message.map((model) => [model.id, model])) });
      break;
    case "uiConfig": // comes with each connection and each reload
      change({ sessionHeaders: message.activity?.session_id ?? [] });
      refetchLists();
      break;
    case "profileChanged":
      refetchLists();
      break;
    case "inflight":
      change({ inflight: withInflight(state.inflight, message) });
      break;
    case "activity":
      change({ newestActivity: message.id });
      break;
  }
}

function withInflight(entries, { operation, requests = [], request, id }) {
  switch (operation) {
    case "snapshot":
      return requests;
    case "remove":
      return entries.filter((entry) => entry.id !== id);
    default:
      return entries.some((entry) => entry.id === request.id)
        ? entries.map((entry) => (entry.id === request.id ? request : entry))
        : [...entries, request];
  }
}

let listTimer = 0;

/** Fetches what no stream carries: virtual models and profiles.  Bursts of changes are one fetch. */
function refetchLists() {
  clearTimeout(listTimer);
  listTimer = setTimeout(async () => {
    try {
      const [{ data }, { profiles }] = await Promise.all([ask("/v1/models"), ask("/api/profiles")]);
      change({ listed: data, profiles });
    } catch {
      // The next change, or the next connection, fetches them again.
    }
  }, 100);
}
