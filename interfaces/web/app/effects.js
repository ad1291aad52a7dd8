// What happens besides the tables: toasts, what a screen reader says, and the sound.
import { get, set } from "./store.js";
import { KINDS } from "./tables.js";
import { titleOf, words } from "./words.js";

const TOAST_STAYS_MS = { bad: 12_000, note: 6_000, good: 3_500 };
const TOASTS_MAX = 5;
const ANNOUNCE_EVERY_MS = 2_000;
const SAID_MAX = 3; // by name; of more only how many

let nextToast = 1;

// `tone`: bad, note or good. The same message again counts up instead of filling the screen.
export function toast({ tone, title, detail, code, status, field }) {
  const { toasts } = get();
  const same = toasts.find((known) =>
    known.title === title && known.detail === detail && known.code === code);
  const id = same?.id ?? nextToast++;
  const shown = { id, tone, title, detail, code, status, field, count: (same?.count ?? 0) + 1 };
  set({ toasts: [...toasts.filter((known) => known.id !== id), shown].slice(-TOASTS_MAX) });
  clearTimeout(same?.timer);
  shown.timer = setTimeout(() => dismiss(id), TOAST_STAYS_MS[tone]);
}

export function dismiss(id) {
  set(({ toasts }) => ({ toasts: toasts.filter((shown) => shown.id !== id) }));
}

export function dismissLast() {
  const last = get().toasts.at(-1);
  if (last) dismiss(last.id);
  return Boolean(last);
}

// ---- what came new, said aloud by a screen reader, not more than one sentence at a time

let unsaid = [];
let sayTimer = null;

export function announce(kind, row) {
  if (!KINDS[kind].aloud) return;
  unsaid.push(`New ${kind}: ${words(row.severity)}, ${titleOf(kind, row)}`);
  if (get().sound) beep(row.severity);
  sayTimer ??= setTimeout(() => {
    sayTimer = null;
    const sentence = unsaid.length > SAID_MAX ? `${unsaid.length} new tickets, alerts and incidents` : unsaid.join(". ");
    unsaid = [];
    set({ announcement: sentence });
  }, ANNOUNCE_EVERY_MS);
}

const BEEP_S = 0.16;
const PITCH_HZ = { CRITICAL: 990, HIGH: 740 };
let audio = null;
let quietUntil = 0;

function beep(severity) {
  const pitch = PITCH_HZ[severity];
  if (!pitch || Date.now() < quietUntil) return;
  quietUntil = Date.now() + 1500;
  audio ??= new AudioContext();
  for (let tone = 0; tone < (severity === "CRITICAL" ? 3 : 1); tone++) {
    const start = audio.currentTime + tone * BEEP_S * 1.6;
    const oscillator = new OscillatorNode(audio, { frequency: pitch, type: "triangle" });
    const volume = new GainNode(audio, { gain: 0.18 });
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + BEEP_S);
  }
}

// ---- who wants to know when a row changed: the open drawer

const watchers = new Set();
export function onRefresh(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
export function refresh(kind, key, position) {
  for (const watcher of watchers) watcher(kind, key, position);
}

export const pathOf = (kind, key) => `${KINDS[kind].path}${encodeURIComponent(key)}/`;
