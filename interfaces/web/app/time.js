// Times as people read them: how long ago, and when, in the site's zone or the browser's.
import { html, useEffect, useState } from "./lib.js";

const LOCALE = "en-GB";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const formats = new Map();
function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const SHORT_CLOCK = { hour: "2-digit", minute: "2-digit" };
const FULL = { day: "2-digit", month: "short", year: "numeric", ...CLOCK, timeZoneName: "short" };
const DATE = { weekday: "short", day: "2-digit", month: "short" };

export const clock = (instant, zone = BROWSER_ZONE) => format(zone, CLOCK).format(new Date(instant));
export const date = (instant, zone = BROWSER_ZONE) => format(zone, DATE).format(new Date(instant));
export const full = (instant, zone = BROWSER_ZONE) => format(zone, FULL).format(new Date(instant));

export function ago(instant, now = Date.now()) {
  const past = now - new Date(instant).getTime();
  if (Number.isNaN(past)) return "–";
  if (past < 5 * SECOND) return "now";
  if (past < MINUTE) return `${Math.floor(past / SECOND)} s`;
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < DAY) return `${Math.floor(past / HOUR)} h ${Math.floor((past % HOUR) / MINUTE)} m`;
  return `${Math.floor(past / DAY)} d ${Math.floor((past % DAY) / HOUR)} h`;
}

// How long until then; what is past says so.
export function until(instant, now = Date.now()) {
  const left = new Date(instant).getTime() - now;
  const length = ago(now - Math.abs(left), now);
  if (length === "now") return length;
  return left > 0 ? `in ${length}` : `${length} ago`;
}

// A stretch of time, the second date only where it is another day.
export function span(from, to, zone = BROWSER_ZONE) {
  const start = format(zone, { ...DATE, ...SHORT_CLOCK }).format(new Date(from));
  if (!to || to === from) return start;
  const sameDay = date(from, zone) === date(to, zone);
  return `${start} – ${format(zone, sameDay ? SHORT_CLOCK : { ...DATE, ...SHORT_CLOCK }).format(new Date(to))}`;
}

// One timer for every text that moves with the time.
const tickers = new Set();
setInterval(() => {
  for (const tick of tickers) tick();
}, SECOND);

export function useTick(text) {
  const [shown, show] = useState(text());
  useEffect(() => {
    const tick = () => show(text());
    tick();
    tickers.add(tick);
    return () => tickers.delete(tick);
  });
  return shown;
}

export function Ago({ at, zone }) {
  const text = useTick(() => ago(at));
  return html`<time class="ago" datetime=${at} title=${full(at, zone)}>${text}</time>`;
}

export function Clock({ zone = BROWSER_ZONE }) {
  const time = useTick(() => clock(Date.now(), zone));
  const day = useTick(() => date(Date.now(), zone));
  return html`<div class="clock">
    <time class="clock-time">${time}</time>
    <span class="clock-day">${day} · ${zone.replaceAll("_", " ")}</span>
  </div>`;
}

// What <input type="datetime-local"> wants, in the browser's zone.
export function localInput(instant) {
  const shifted = new Date(instant.getTime() - instant.getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 16);
}
