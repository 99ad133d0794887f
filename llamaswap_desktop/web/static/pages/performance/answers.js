// The answers of the last hour, from the activity log: how fast they were written, and how many were under way.

import { ask } from "../../api.js";
import { useEffect, useState } from "../../html.js";
import { asParameter } from "../../loads.js";
import { useStore } from "../../store.js";

const MOST = 999;
const GATHER_MS = 1000;

/** The finished requests, oldest first: { began, ended, speed }, in seconds and tokens a second. */
export function useAnswers() {
  const newest = useStore((state) => state.newestActivity);
  const [answers, setAnswers] = useState([]);
  useEffect(() => {
    const timer = setTimeout(async () => {
      try {
        const start = asParameter(new Date(Date.now() - 3_600_000));
        const { data } = await ask(`/api/metrics/activity?limit=${MOST}&start=${start}`);
        setAnswers(data.toReversed().map(answerOf));
      } catch {
        // The next answer asks again.
      }
    }, answers.length ? GATHER_MS : 0);
    return () => clearTimeout(timer);
  }, [newest]);
  return answers;
}

function answerOf({ timestamp, duration_ms: took, tokens }) {
  const ended = Date.parse(timestamp) / 1000;
  return { began: ended - took / 1000, ended, speed: tokens.tokens_per_second };
}

/** [seconds, tokens per second], in order. */
export function speedsOf(answers) {
  const known = answers.filter(({ speed }) => speed > 0);
  return [known.map(({ ended }) => ended), known.map(({ speed }) => speed)];
}

/**
 * [seconds, requests under way, of those waiting].  What `work` has seen since the page was opened is exact; before that
 * the log tells of those that have ended, and not how long they waited.
 */
export function underWayOf(answers, work, now) {
  const seenFrom = (work[0]?.at_ms ?? now * 1000) / 1000;
  const changes = answers.flatMap(({ began, ended }) => [[began, 1], [ended, -1]]).sort(([one], [other]) => one - other);
  const data = [[], [], []];
  const add = (at, all, waiting) => [at, all, waiting].forEach((value, position) => data[position].push(value));
  let count = 0;
  for (const [at, change] of changes) {
    count += change;
    if (at < seenFrom) add(at, count, null);
  }
  for (const { at_ms: at, running, waiting } of work) add(at / 1000, running + waiting, waiting);
  const last = work.at(-1);
  if (last) add(now, last.running + last.waiting, last.waiting);
  return data;
}
