// The frame: navigation, the head line, notes, and the page that the address names.

import { command } from "./api.js";
import { Icon } from "./components/icon.js";
import { KeyQuestion } from "./components/key_question.js";
import { Notes } from "./components/notes.js";
import { ThemeSwitch } from "./components/theme_switch.js";
import { duration } from "./format.js";
import { html, render, useEffect, useRef, useState } from "./html.js";
import { summaryOf } from "./models.js";
import { routeOf, useRoute } from "./route.js";
import { attempt, connect, useStore } from "./store.js";
import { fetchTheme } from "./theme_choice.js";

// Each page is fetched when it is first shown, and stays.
const PAGES = {
  models: { title: "Models", fetch: () => import("./pages/models.js") },
  activity: { title: "Activity", fetch: () => import("./pages/activity.js") },
  logs: { title: "Logs", fetch: () => import("./pages/logs.js") },
  performance: { title: "Performance", fetch: () => import("./pages/performance.js") },
  playground: { title: "Playground", fetch: () => import("./pages/playground.js") },
  config: { title: "Config", fetch: () => import("./pages/config.js") },
  settings: { title: "Settings", fetch: () => import("./pages/settings.js") },
};

function App() {
  const route = useRoute();
  const page = PAGES[route.page] ? route.page : "models";
  const [shown, setShown] = useState(null);
  const main = useRef();
  const isFirst = useRef(true);
  useEffect(() => {
    let isStale = false;
    attempt(async () => {
      const module = await PAGES[page].fetch();
      if (!isStale) setShown({ page, Page: module.Page });
    });
    document.title = `${PAGES[page].title} · llama-swap Desktop`;
    if (!isFirst.current) main.current.focus({ preventScroll: true });
    isFirst.current = false;
    return () => {
      isStale = true;
    };
  }, [page]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>Skip to the page</a>
    <${Navigation} page=${page} />
    <div class="stage">
      <${HeadLine} />
      <main id="main" ref=${main} tabindex="-1" class=${`page page-${page}`} aria-label=${PAGES[page].title}>
        ${shown?.page === page && html`<${shown.Page} key=${page} rest=${route.rest} query=${route.query} />`}
      </main>
    </div>
    <${KeyQuestion} />
    <${Notes} />`;
}

function Navigation({ page }) {
  return html`
    <nav class="navigation" aria-label="Pages">
      <a class="brand" href="#/models"><img src="icon.svg" alt="" width="34" height="34" /><span>llama-swap${" "}<small>Desktop</small></span></a>
      <ul>
        ${Object.entries(PAGES).map(
          ([name, { title }]) => html`
            <li key=${name} class=${`to-${name}`}>
              <a href=${`#/${name}`} aria-current=${name === page ? "page" : undefined}><${Icon} name=${name} size="20" /><span>${title}</span></a>
            </li>`,
        )}
      </ul>
      <${Version} />
    </nav>`;
}

function Version() {
  const version = useStore((state) => state.picture?.version);
  return html`<p class="version">${version ? `Version ${version.version}` : ""}</p>`;
}

function HeadLine() {
  const connection = useStore((state) => state.connection);
  const picture = useStore((state) => state.picture);
  const summary = connection === "lost"
    ? "The program does not answer. Trying again…"
    : picture ? (picture.paused ? pauseOf(picture.paused) : summaryOf(picture.models)) : "Connecting…";
  return html`
    <header class=${`head-line ${connection}`}>
      <p role="status"><span class=${`dot ${connection}`} aria-hidden="true"></span><span>${summary}</span></p>
      <div class="actions">
        ${picture?.paused && html`<button type="button" class="primary" onClick=${() => attempt(() => command("resume"))}><${Icon} name="play" /><span>Resume</span></button>`}
        <a class="button quiet icon-only narrow-only" href="#/settings" aria-label="Settings"><${Icon} name="settings" /></a>
        <${ThemeSwitch} />
      </div>
    </header>`;
}

function pauseOf({ left_s: left, reason }) {
  if (reason) return `Paused for ${reason}`;
  return left === null ? "Paused: no model is loaded until you resume" : `Paused for another ${duration(left)}`;
}

connect();
PAGES[routeOf(location.hash).page]?.fetch(); // at once, and not only when the frame is drawn
fetchTheme();
render(html`<${App} />`, document.getElementById("app"));
