// The samples of the last hour.  The server has no stream of them: they are fetched as often as it takes them.

import { ask } from "../../api.js";
import { useEffect, useState } from "../../html.js";

const EVERY_MS = 5000;
const KEPT_S = 3600;

/** { system: [sample…], gpus: Map id → { id, name, samples }, problem, now }; samples have `seconds`. */
export function useSamples() {
  const [found, setFound] = useState({ system: [], gpus: new Map(), problem: "", now: Date.now() / 1000 });
  useEffect(() => {
    let kept = { system: [], gpus: new Map() };
    let timer = 0;
    let isOver = false;
    const look = async () => {
      const now = Date.now() / 1000;
      try {
        const newest = kept.system.at(-1)?.timestamp;
        const answer = await ask(`/api/performance${newest ? `?after=${encodeURIComponent(newest)}` : ""}`);
        kept = grown(kept, answer);
        if (!isOver) setFound({ ...kept, problem: "", now: Math.max(now, kept.system.at(-1)?.seconds ?? 0) });
      } catch (error) {
        const problem = error.status === 503 ? "The monitor is switched off in the configuration (performance.disabled)." : "";
        if (!isOver) setFound((before) => ({ ...before, problem, now }));
      }
      if (!isOver) timer = setTimeout(look, EVERY_MS);
    };
    look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return found;
}

function grown({ system, gpus }, { sys_stats, gpu_stats }) {
  const grownSystem = recent([...system, ...(sys_stats ?? []).map(withSeconds)]);
  if (!gpu_stats?.length) return { system: grownSystem, gpus };
  const grownGpus = new Map(gpus);
  for (const stat of gpu_stats.map(withSeconds)) {
    const before = grownGpus.get(stat.id)?.samples ?? [];
    grownGpus.set(stat.id, { id: stat.id, name: stat.name, samples: recent([...before, stat]) });
  }
  return { system: grownSystem, gpus: grownGpus };
}

const withSeconds = (sample) => ({ ...sample, seconds: Date.parse(sample.timestamp) / 1000 });

function recent(samples) {
  const oldest = samples.at(-1)?.seconds - KEPT_S;
  return samples[0]?.seconds < oldest ? samples.filter(({ seconds }) => seconds >= oldest) : samples;
}
