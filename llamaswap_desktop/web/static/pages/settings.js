// What belongs to this desktop rather than to the models: `settings.yaml`, switch by switch.

import { ask, put } from "../api.js";
import { Copy } from "../components/copy.js";
import { Draft } from "../components/draft.js";
import { html, useEffect, useState } from "../html.js";
import { attempt } from "../store.js";
import { useTheme } from "../theme_choice.js";

export function Page() {
  const [settings, setSettings] = useState(null);
  const [problem, setProblem] = useState("");
  const [theme, setTheme] = useTheme();
  useEffect(() => {
    ask("/api/desktop/settings").then(setSettings, ({ message }) => setProblem(message));
  }, []);
  const change = (members) => attempt(async () => setSettings(await put("/api/desktop/settings", members)), "Saved.");
  if (!settings) return html`<h1>Settings</h1><p class=${`hint ${problem && "card"}`}>${problem || "Loading…"}</p>`;
  const folders = (members) => change({ folders: { ...settings.folders, ...members } });
  const pause = (members) => change({ pause: { ...settings.pause, ...members } });
  return html`
    <div class="page-title"><h1>Settings</h1></div>
    <div class="stack settings">
      <section class="card stack" aria-label="Address">
        <h2>Address</h2>
        <${Text} label="Serve on" value=${settings.listen} hint="HOST:PORT. A --listen on the command line goes before it." onChange=${(listen) => change({ listen })} />
        <${Switch} label="Share with the local network" isOn=${settings.shareOnLan} hint="Other computers may then use the models; every program, on this one too, needs the key below, which is made if there is none. With it they may also change the configuration, and so start programs here, unless desktop.adminKeys reserves that." onChange=${(shareOnLan) => change({ shareOnLan })} />
        <div class="with-button">
          <${Text} label="Key for other computers" value=${settings.apiKey} isSecret onChange=${(apiKey) => change({ apiKey })} />
          <${Copy} text=${settings.apiKey} label="Copy the key" />
        </div>
      </section>
      <section class="card stack" aria-label="Behaviour">
        <h2>Behaviour</h2>
        <${Switch} label="Notifications" isOn=${settings.notifications} hint="Only about what you could not see otherwise, such as a model that failed." onChange=${(notifications) => change({ notifications })} />
        <${Switch} label="Unload before sleep" isOn=${settings.unloadBeforeSleep} hint="Models leave before the computer sleeps: some graphics drivers lose them." onChange=${(unloadBeforeSleep) => change({ unloadBeforeSleep })} />
        <${Choice} label="Colours" value=${theme} choices=${{ auto: "as the system has it", light: "light", dark: "dark" }} onChange=${setTheme} />
      </section>
      <section class="card stack" aria-label="Pause">
        <h2>Make room by itself</h2>
        <${Switch} label="While a game runs" isOn=${settings.pause.games} hint="Where the system tells: GameMode on Linux, exclusive full screen on Windows." onChange=${(games) => pause({ games })} />
        <${Switch} label="While a program fills the screen" isOn=${settings.pause.fullScreen} hint="A game, but also a film. On Wayland only X11 programs can be seen." onChange=${(fullScreen) => pause({ fullScreen })} />
        <${Text} label="While one of these programs runs" value=${settings.pause.programs.join(", ")} hint="Names with commas, such as blender, resolve" onChange=${(names) => pause({ programs: names.split(",").map((name) => name.trim()).filter(Boolean) })} />
        <${Amount} label="While other programs use more of a GPU than, in %" value=${settings.pause.gpuPercent} most=${100} hint="0: never. Where the driver tells, and while no model is answering." onChange=${(gpuPercent) => pause({ gpuPercent })} />
        <${Amount} label="While other programs hold more of its memory than, in MiB" value=${settings.pause.gpuMemoryMib} hint="0: never. A desktop alone holds 300 to 1500." onChange=${(gpuMemoryMib) => pause({ gpuMemoryMib })} />
        <${Choice} label="Requests meanwhile" value=${settings.pause.requests} choices=${{ refuse: "are refused", hold: "wait" }} onChange=${(requests) => pause({ requests })} />
      </section>
      <section class="card stack" aria-label="Folders">
        <h2>Folders</h2>
        <${Lines} label="Where model files lie" value=${settings.folders.models} hint="One in each line, such as ~/models. llamaswap-desktop scan looks through them, and the tray opens them." onChange=${(models) => folders({ models })} />
        <${Text} label="Where config.yaml lies" value=${settings.folders.config} hint="Empty: the usual place. From the next start." onChange=${(config) => folders({ config })} />
        <${Text} label="Where logs are written" value=${settings.folders.logs} hint="Empty: the usual place. From the next start." onChange=${(logs) => folders({ logs })} />
      </section>
      <section class="card stack" aria-label="Updates">
        <h2>Updates</h2>
        <${Switch} label="Look for newer versions once a day" isOn=${settings.updates.check} hint="You are told of one; nothing is ever downloaded." onChange=${(check) => change({ updates: { ...settings.updates, check } })} />
        <${Text} label="Where to look" value=${settings.updates.url} hint="An https address that tells the newest version" onChange=${(url) => change({ updates: { ...settings.updates, url } })} />
      </section>
    </div>`;
}

function Text({ label, value, hint, isSecret = false, onChange }) {
  return html`<label class="field">${label}<${Draft} type=${isSecret ? "password" : "text"} autocomplete="off" value=${value} onCommit=${(text) => onChange(text.trim())} />${hint && html`<small>${hint}</small>`}</label>`;
}

function Lines({ label, value, hint, onChange }) {
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  return html`<label class="field">${label}<${Draft} as="textarea" rows=${Math.max(2, value.length + 1)} spellcheck="false" value=${value.join("\n")} onCommit=${(text) => onChange(lines(text))} /><small>${hint}</small></label>`;
}

function Amount({ label, value, most, hint, onChange }) {
  return html`<label class="field">${label}<${Draft} type="number" min="0" max=${most} value=${value} onCommit=${(text) => onChange(Math.round(text))} /><small>${hint}</small></label>`;
}

function Switch({ label, isOn, hint, onChange }) {
  return html`<label class="check switch"><input type="checkbox" role="switch" checked=${isOn} onChange=${({ target }) => onChange(target.checked)} /><span>${label}${hint && html`<small class="hint">${hint}</small>`}</span></label>`;
}

function Choice({ label, value, choices, onChange }) {
  return html`<label class="field short">${label}<select value=${value} onChange=${({ target }) => onChange(target.value)}>${Object.entries(choices).map(([name, words]) => html`<option key=${name} value=${name}>${words}</option>`)}</select></label>`;
}
