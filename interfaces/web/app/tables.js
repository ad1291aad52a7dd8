// The tables: snapshot plus tail. Pure functions from what was known and what came to what is known.
//
// Each row remembers the position of the log that it stands on, so that a frame or an answer that
// is older than the row never turns it back.
import {
  ALERT_STATUSES, BOARD_STATUSES, PRIORITIES, SEVERITIES, evidenceText, rankOf, titleOf,
} from "./words.js";

export const FRAMES_SHOWN_MAX = 200;

// What the page lists. `open` is what still wants somebody, `over` what is shown on demand, each with
// the most of them that are kept; `newest` is the field that orders them; `aloud` is said when it is new.
export const KINDS = {
  ticket: {
    list: "tickets", key: "ticket_id", path: "tickets/", newest: "opened_at", open: BOARD_STATUSES, over: [],
    openMax: 2_000, overMax: 0, aloud: true,
  },
  alert: {
    list: "alerts", key: "alert_id", path: "alerts/", newest: "raised_at", open: ALERT_STATUSES,
    over: ["RESOLVED", "WITHDRAWN"], openMax: 1_000, overMax: 100, aloud: true,
  },
  finding: {
    list: "findings", key: "finding_id", path: "findings/", newest: "raised_at", open: ALERT_STATUSES,
    over: ["RESOLVED", "WITHDRAWN"], openMax: 1_000, overMax: 100,
  },
  incident: {
    list: "incidents", key: "incident_id", path: "incidents/", newest: "opened_at", open: ALERT_STATUSES,
    over: ["RESOLVED", "WITHDRAWN", "MERGED"], openMax: 500, overMax: 100, aloud: true,
  },
  anomaly: {
    list: "anomalies", key: "anomaly_id", path: "anomalies/", newest: "detected_at", open: ["STANDING"],
    over: ["WITHDRAWN"], openMax: 500, overMax: 100,
  },
  score: {
    list: "scores", key: "attendance", path: "fraud/scores/live/", newest: "scored_at", open: [], over: [],
    openMax: 100, overMax: 0,
  },
};

export const emptyTables = (kinds = Object.keys(KINDS)) =>
  Object.fromEntries(kinds.map((kind) => [KINDS[kind].list, new Map()]));

// The feed tells how an incident stands and what it consists of apart; both show the incident.
export const kindOfFrame = ({ type }) => (type === "correlation" ? "incident" : type in KINDS ? type : null);

export const HIGH_RISK_FROM = 0.5; // probability from which a score is on the board
export const ALERT_FROM = 0.8; // probability from which a score raises an alert

export const keyOf = (kind, row) => row[KINDS[kind].key];

export const isOpen = (kind, row) => (kind === "score"
  ? row.probability >= HIGH_RISK_FROM : KINDS[kind].open.includes(row.status));
const isKept = (kind, row) => isOpen(kind, row) || KINDS[kind].over.includes(row.status);

// A public object as the lists have it, and not just the fields of one event.
export const isWhole = (kind, row) => Boolean(
  row && keyOf(kind, row) && row[KINDS[kind].newest]
  && (kind === "score" || (row.status && row.severity && row.version !== undefined)));

// Put rows into one table. `position` is what they stand on; they replace older ones only.
export function merge(kind, table, rows, position) {
  const next = new Map(table);
  for (const row of rows) {
    const key = keyOf(kind, row);
    const known = next.get(key);
    if (known && known.at > position) continue;
    if (isKept(kind, row)) next.set(key, { ...row, at: position, arrivedAt: known?.arrivedAt });
    else next.delete(key);
  }
  return trimmed(kind, next);
}

// Keep no more than a screen can hold of what may grow without end; the newest stay.
function trimmed(kind, table) {
  const { openMax, overMax, newest } = KINDS[kind];
  let open = 0;
  for (const row of table.values()) open += Number(isOpen(kind, row));
  if (open <= openMax && table.size - open <= overMax) return table;
  const byAge = [...table].sort(([, a], [, b]) => newestFirst(a[newest], b[newest]) || byId(kind)(a, b));
  const room = { true: openMax, false: overMax };
  return new Map(byAge.filter(([, row]) => room[isOpen(kind, row)]-- > 0));
}

// Of two of the same moment the id decides, so that every screen shows the same order.
const byId = (kind) => (a, b) => newestFirst(keyOf(kind, b), keyOf(kind, a));

const newestFirst = (a, b) => (a < b ? 1 : a > b ? -1 : 0);
const oldestFirst = (a, b) => -newestFirst(a, b);

// What must be done first comes first; of two alike the one that waits longer.
export function byUrgency(a, b) {
  return (
    rankOf(PRIORITIES, a.priority) - rankOf(PRIORITIES, b.priority)
    || rankOf(SEVERITIES, a.severity) - rankOf(SEVERITIES, b.severity)
    || oldestFirst(a.opened_at, b.opened_at)
    || byId("ticket")(a, b)
  );
}

// The moment that a row is about: an alert's last evidence, or when the rest was first stated.
export const momentOf = (kind, row) => row.last_seen_at ?? row[KINDS[kind].newest];

// What nobody has seen comes first, then by severity, the newest on top; what is over comes last.
// What one audit states at one moment is ordered by the times that it is about.
const byAttention = (kind) => (a, b) => (
  rankOf(KINDS[kind].open, a.status) - rankOf(KINDS[kind].open, b.status)
  || Number(isOpen(kind, a)) * (rankOf(SEVERITIES, a.severity) - rankOf(SEVERITIES, b.severity))
  || newestFirst(momentOf(kind, a), momentOf(kind, b))
  || newestFirst(a.window_start ?? "", b.window_start ?? "")
  || byId(kind)(a, b)
);

export function column(tickets, { statuses }) {
  const rows = [...tickets.values()].filter((ticket) => statuses.includes(ticket.status));
  if (statuses.includes("RESOLVED")) {
    rows.sort((a, b) => newestFirst(a.updated_at, b.updated_at) || byId("ticket")(a, b));
    return rows;
  }
  return rows.sort((a, b) =>
    Number(a.status === "ON_HOLD") - Number(b.status === "ON_HOLD") || byUrgency(a, b));
}

// The rows of a kind as a list shows them, with those that are over or without.
export function inOrder(kind, table, past = false) {
  const rows = [...table.values()].filter((row) => past || isOpen(kind, row));
  return rows.sort(byAttention(kind));
}

// Does a row match what the operator typed? Any of its plain texts may hold it, and its words.
export function matches(kind, row, text) {
  if (!text) return true;
  const wanted = text.toLowerCase();
  return [...Object.values(row).flat(), titleOf(kind, row), evidenceText(kind, row)].some(
    (value) => typeof value === "string" && value.toLowerCase().includes(wanted),
  );
}

export const present = (frames, frame) => [frame, ...frames].slice(0, FRAMES_SHOWN_MAX);
