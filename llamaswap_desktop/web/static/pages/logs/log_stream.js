// The lines of one log, live; a stream that breaks off comes back with its history.

import { request, textOf } from "../../api.js";
import { plain } from "../../components/ansi.js";
import { useEffect, useState } from "../../html.js";
import { whilePresent } from "../../presence.js";

const MOST_LINES = 100_000;
const DROPPED_AT_ONCE = 5_000;
const GATHER_MS = 80;
const RETRY_MS = 1500;
const WIDE = /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/gu;

/** { lines: [{ number, text, raw, cells }], problem }; each change brings a new array. */
export function useLog(path) {
  const [log, setLog] = useState({ lines: [], problem: "" });
  useEffect(() => {
    setLog({ lines: [], problem: "" });
    return whilePresent(() => {
      const leaving = new AbortController();
      follow(path, setLog, leaving.signal);
      return () => leaving.abort();
    });
  }, [path]);
  return log;
}

async function follow(path, show, signal) {
  while (!signal.aborted) {
    const book = new Book();
    let timer = 0;
    const tell = () => {
      timer = 0;
      if (!signal.aborted) show({ lines: book.take(), problem: "" });
    };
    try {
      const answer = await request(path, { signal });
      show({ lines: [], problem: "" });
      for await (const text of textOf(answer)) {
        book.add(text);
        timer ||= setTimeout(tell, GATHER_MS);
      }
    } catch (error) {
      if (!signal.aborted) show({ lines: book.take(), problem: error.message });
    }
    clearTimeout(timer);
    if (!signal.aborted) await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

/** Cuts what arrives into lines, and keeps the newest of them. */
class Book {
  constructor() {
    this.lines = [];
    this.fresh = [];
    this.open = "";
    this.number = 0;
  }

  add(text) {
    const pieces = (this.open + text).split("\n");
    this.open = pieces.pop();
    for (const piece of pieces) this.fresh.push(this.line(piece));
  }

  line(piece) {
    // A progress bar redraws its line: what it said last counts.
    const raw = piece.replace(/\r+$/, "").replace(/^.*\r/s, "").replaceAll("\t", "    ");
    const text = plain(raw);
    this.number += 1;
    return { number: this.number, text, raw: raw === text ? null : raw, cells: text.length + (text.match(WIDE)?.length ?? 0) };
  }

  take() {
    if (this.fresh.length) {
      const kept = this.lines.length + this.fresh.length > MOST_LINES ? this.lines.slice(this.fresh.length + DROPPED_AT_ONCE) : this.lines;
      this.lines = kept.concat(this.fresh).slice(-MOST_LINES);
      this.fresh = [];
    }
    if (!this.open) return this.lines;
    const open = this.line(this.open);
    this.number -= 1;
    return [...this.lines, open];
  }
}
