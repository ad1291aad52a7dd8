// The tables: snapshot plus tail. Pure functions from what was known and what came to what is known.
//
// Each row remembers the position of the log that it stands on, so that a frame or an answer that
// is older than the row never turns it back.
import { ALERT_STATUSES, BOARD_STATUSES, PRIORITIES, SEVERITIES, rankOf } from "./words.js";

export const FRAMES_SHOWN_MAX = 200;
export const SCORES_SHOWN_MAX = 100;

export const KINDS = {
  ticket: { list: "tickets", key: "ticket_id", path: "tickets/" },
  alert: { list: "alerts", key: "alert_id", path: "alerts/" },
  score: { list: "scores", key: "attendance", path: "fraud/scores/live/" },
};

export const HIGH_RISK_FROM = 0.5; // probability from which a score is on the board
export const ALERT_FROM = 0.8; // probability from which a score raises an alert

export const keyOf = (kind, row) => row[KINDS[kind].key];

const shown = {
  ticket: (row) => BOARD_STATUSES.includes(row.status),
  alert: (row) => ALERT_STATUSES.includes(row.status),
  score: (row) => row.probability >= HIGH_RISK_FROM,
};

// A public object as the lists have it, and not just the fields of one event.
export const isWhole = {
  ticket: (row) => Boolean(row?.ticket_id && row.status && row.title && row.version !== undefined),
  alert: (row) => Boolean(row?.alert_id && row.status && row.severity && row.title),
  score: (row) => Boolean(row?.attendance && row.person_id && row.scored_at),
};

// Put rows into one table. `position` is what they stand on; they replace older ones only.
export function merge(kind, table, rows, position) {
  const next = new Map(table);
  for (const row of rows) {
    const key = keyOf(kind, row);
    const known = next.get(key);
    if (known && known.at > position) continue;
    if (shown[kind](row)) next.set(key, { ...row, at: position, arrivedAt: known?.arrivedAt });
    else next.delete(key);
  }
  return next;
}

// Of two of the same moment the id decides, so that every screen shows the same order.
const byId = (a, b) =>
  newestFirst(b.ticket_id ?? b.alert_id ?? b.attendance, a.ticket_id ?? a.alert_id ?? a.attendance);
const byScoring = (a, b) => newestFirst(a.scored_at, b.scored_at) || byId(a, b);

const trimmed = (table, max) => (table.size <= max ? table : new Map(
  [...table].sort(([, a], [, b]) => byScoring(a, b)).slice(0, max),
));

export const trimScores = (table) => trimmed(table, SCORES_SHOWN_MAX);

const newestFirst = (a, b) => (a < b ? 1 : a > b ? -1 : 0);
const oldestFirst = (a, b) => -newestFirst(a, b);

// What must be done first comes first; of two alike the one that waits longer.
export function byUrgency(a, b) {
  return (
    rankOf(PRIORITIES, a.priority) - rankOf(PRIORITIES, b.priority)
    || rankOf(SEVERITIES, a.severity) - rankOf(SEVERITIES, b.severity)
    || oldestFirst(a.opened_at, b.opened_at)
    || byId(a, b)
  );
}

export const lastSeen = (alert) =>
  alert.last_seen_at ?? alert.updated_at ?? alert.raised_at ?? alert.opened_at;

// Alerts nobody has seen come first, then by severity, the newest on top.
export function byAttention(a, b) {
  return (
    Number(a.status !== "OPEN") - Number(b.status !== "OPEN")
    || rankOf(SEVERITIES, a.severity) - rankOf(SEVERITIES, b.severity)
    || newestFirst(lastSeen(a), lastSeen(b))
    || byId(a, b)
  );
}

export function column(tickets, { statuses }) {
  const rows = [...tickets.values()].filter((ticket) => statuses.includes(ticket.status));
  if (statuses.includes("RESOLVED")) {
    rows.sort((a, b) => newestFirst(a.updated_at, b.updated_at) || byId(a, b));
    return rows;
  }
  return rows.sort((a, b) =>
    Number(a.status === "ON_HOLD") - Number(b.status === "ON_HOLD") || byUrgency(a, b));
}

export const alertsInOrder = (alerts) => [...alerts.values()].sort(byAttention);
export const scoresInOrder = (scores) =>
  [...scores.values()].sort(byScoring);

// Does a row match what the operator typed? Any of its plain texts may hold it.
export function matches(row, text) {
  if (!text) return true;
  const wanted = text.toLowerCase();
  return Object.values(row).some(
    (value) => typeof value === "string" && value.toLowerCase().includes(wanted),
  );
}

export const present = (frames, frame) => [frame, ...frames].slice(0, FRAMES_SHOWN_MAX);
