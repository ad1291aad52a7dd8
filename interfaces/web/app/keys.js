// The keyboard: everything on the screen can be done with one hand on it.
//
// Cards lie in columns, marked in the page with data-column and data-card; moving about means
// moving the focus, so what the eye sees, a screen reader says.
import { byKey, findRow, invoke, offered } from "./commands.js";
import { dismissLast } from "./effects.js";
import { get, setNow } from "./store.js";
import { togglePast } from "./sync.js";
import { VIEWS, openDrawer, showView, shutDrawer } from "./views.js";

export const KEYS = [
  ["j / k", "next / previous card"],
  ["h / l", "column to the left / right"],
  ["1 … 6", "alerts, the four ticket columns, scores"],
  ["T A F I N", "with Shift: tickets, alerts, findings, incidents, anomalies"],
  ["b", "lists with what is over, or without"],
  ["Enter", "open the card, with its history"],
  ["y", "why it stands, from the raw signals up, and what it led to"],
  ["a", "assign the ticket · acknowledge the alert, finding or incident"],
  ["s", "start the ticket"],
  ["r", "resolve, with a reason"],
  ["c", "comment"],
  ["m", "every other command"],
  ["/", "search"],
  ["z", "times in the site's zone or this browser's"],
  ["v", "sound on or off"],
  ["Esc", "close what is open, then the oldest message"],
  ["?", "this help"],
];

const columns = () => [...document.querySelectorAll("[data-column]")];
const cards = (column) => [...column.querySelectorAll("[data-card]")];

export function focusCard(card) {
  if (!card) return;
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function here() {
  const { selection } = get();
  const card = selection && document.querySelector(
    `[data-card="${CSS.escape(`${selection.kind}/${selection.id}`)}"]`);
  return card ? { card, column: card.closest("[data-column]") } : null;
}

function move(step) {
  const place = here();
  if (!place) {
    focusCard(document.querySelector("[data-column=NEW] [data-card]")
      ?? document.querySelector("[data-card]"));
    return;
  }
  const list = cards(place.column);
  focusCard(list[list.indexOf(place.card) + step]);
}

function sideways(step) {
  const place = here();
  if (!place) {
    move(0);
    return;
  }
  const index = cards(place.column).indexOf(place.card);
  const all = columns();
  for (let at = all.indexOf(place.column) + step; all[at]; at += step) {
    const list = cards(all[at]);
    if (list.length > 0) {
      focusCard(list[Math.min(index, list.length - 1)]);
      return;
    }
  }
}

const jump = (number) => {
  const column = columns()[number - 1];
  if (column) focusCard(cards(column)[0] ?? column);
};

function escape() {
  if (get().drawerOpen) shutDrawer();
  else if (!dismissLast()) setNow({ text: "" });
}

const plain = {
  j: () => move(1),
  k: () => move(-1),
  h: () => sideways(-1),
  l: () => sideways(1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  ArrowLeft: () => sideways(-1),
  ArrowRight: () => sideways(1),
  Escape: escape,
  "?": () => setNow({ dialog: { help: true } }),
  "/": () => document.querySelector("#search")?.focus(),
  z: () => setNow(({ zone }) => ({ zone: zone === "site" ? "browser" : "site" })),
  v: () => setNow(({ sound }) => ({ sound: !sound })),
  b: togglePast,
  ...Object.fromEntries(VIEWS.map(({ name, key }) => [key, () => showView(name)])),
};

function onSelected(key) {
  const { selection } = get();
  const row = selection && findRow(selection);
  if (!row) return false;
  if (key === "Enter" || key === "y") {
    openDrawer(selection, key === "y" ? "why" : "details");
    return true;
  }
  if (key === "m" && offered(selection.kind, row).length > 0) {
    setNow({ dialog: { menu: true, kind: selection.kind, row } });
    return true;
  }
  const command = byKey(selection.kind, key);
  if (command) invoke(command, row);
  return Boolean(command);
}

const typing = (target) => target.matches("input, textarea, select, [contenteditable]");
const pressing = (target, key) => (key === "Enter" || key === " ") && target.matches("button, a, summary");

export function onKeyDown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!get().session || get().dialog) return; // a dialog has its own keys
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (pressing(event.target, event.key)) return;
  const action = plain[event.key] ?? (/^[1-6]$/.test(event.key) ? () => jump(Number(event.key)) : null);
  if (action) action();
  else if (!onSelected(event.key)) return;
  event.preventDefault();
}
