// The commands: what can be done with a ticket or an alert, from where, and what must be told.
//
// `from` only decides what is offered. Whether a command is allowed is the server's to say, and
// its refusal is shown in its own words.
import * as api from "./api.js";
import { pathOf, toast } from "./effects.js";
import { get, setNow } from "./store.js";
import { readAfter } from "./sync.js";
import { KINDS } from "./tables.js";
import { localInput } from "./time.js";
import { PRIORITIES, RESOLUTION_REASONS, words } from "./words.js";

const LONG_MAX = 4000; // characters
const SHORT_MAX = 200; // characters
const DEFAULT_HOLD_MS = 60 * 60 * 1000;

const text = (name, label, maxLength = LONG_MAX) =>
  ({ name, label, type: "textarea", required: true, maxLength });
const ACTIVE = ["NEW", "ASSIGNED", "IN_PROGRESS", "ON_HOLD"];

const ticketCommands = [
  {
    name: "assign", key: "a", label: "Assign", from: ACTIVE, done: "Assigned",
    fields: [{ name: "assignee", label: "To whom", type: "person", required: true }],
  },
  { name: "start", key: "s", label: "Start", from: ["ASSIGNED"], done: "Started", fields: [] },
  {
    name: "resolve", key: "r", label: "Resolve", from: ["IN_PROGRESS"], done: "Resolved",
    fields: [text("resolution", "What was found, and what was done")],
  },
  { name: "comment", key: "c", label: "Comment", from: null, done: "Comment added", fields: [text("text", "Comment")] },
  {
    name: "hold", key: "w", label: "Put on hold", from: ["IN_PROGRESS"], done: "On hold",
    fields: [
      text("reason", "What is being waited for", SHORT_MAX),
      { name: "waiting_until", label: "Wait until (this browser's time)", type: "datetime-local", required: true },
    ],
  },
  { name: "resume", key: "u", label: "Resume", from: ["ON_HOLD"], done: "Resumed", fields: [] },
  { name: "close", key: "x", label: "Close", from: ["RESOLVED"], done: "Closed", fields: [] },
  {
    name: "reopen", key: "o", label: "Reopen", from: ["RESOLVED", "CLOSED"], done: "Reopened",
    fields: [text("reason", "Why it is not over", SHORT_MAX)],
  },
  {
    name: "prioritise", key: "p", label: "Change priority", from: ACTIVE, done: "Priority changed",
    fields: [{
      name: "priority", label: "Priority", type: "select", required: true,
      options: PRIORITIES.map((priority) => [priority, words(priority)]),
    }],
  },
  {
    name: "link", key: "i", label: "Link to another ticket", from: null, done: "Linked",
    fields: [{ name: "other_ticket_id", label: "The other ticket", type: "ticket", required: true }],
  },
  {
    name: "merge", key: "g", label: "Merge into another ticket", from: ACTIVE, done: "Merged",
    fields: [{ name: "into_ticket_id", label: "The ticket that goes on", type: "ticket", required: true }],
  },
  {
    name: "cancel", key: "d", label: "Cancel ticket", from: ACTIVE, done: "Cancelled",
    fields: [text("reason", "Why it needs no work", SHORT_MAX)],
  },
].map((command) => ({ ...command, kind: "ticket" }));

const alertCommands = [
  { name: "acknowledge", key: "a", label: "Acknowledge", from: ["OPEN"], done: "Acknowledged", fields: [] },
  {
    name: "resolve", key: "r", label: "Resolve", from: ["OPEN", "ACKNOWLEDGED"], done: "Resolved",
    fields: [
      { name: "reason", label: "Verdict", type: "select", required: true, options: RESOLUTION_REASONS },
      { ...text("comment", "Comment (not required)"), required: false },
    ],
  },
].map((command) => ({ ...command, kind: "alert" }));

const COMMANDS = { ticket: ticketCommands, alert: alertCommands, score: [] };

export const findRow = ({ kind, id }) => get()[KINDS[kind].list].get(id);

const CAPABILITY = { ticket: "tickets:work", alert: "alerts:work" };
const may = (kind) => get().session.user.capabilities.includes(CAPABILITY[kind]);

export const offered = (kind, row) => (may(kind)
  ? COMMANDS[kind].filter(({ from }) => from === null || from.includes(row.status)) : []);

// The one step that moves a ticket or an alert on, shown as its button.
const NEXT = {
  ticket: { NEW: "assign", ASSIGNED: "start", IN_PROGRESS: "resolve", ON_HOLD: "resume", RESOLVED: "close" },
  alert: { OPEN: "acknowledge", ACKNOWLEDGED: "resolve" },
  score: {},
};
export const nextStep = (kind, row) =>
  offered(kind, row).find(({ name }) => name === NEXT[kind][row.status]);

export const byKey = (kind, key) => COMMANDS[kind].find((command) => command.key === key);

// Ask for what the command needs, or carry it out at once where it needs nothing.
export function invoke(command, row) {
  if (!may(command.kind)) {
    toast({
      tone: "note", title: `${command.label}: not yours to do`, code: "page.not_allowed",
      detail: `Your roles (${get().session.user.roles.join(", ")}) may look, not change.`,
    });
    return;
  }
  if (command.from !== null && !command.from.includes(row.status)) {
    toast({
      tone: "note", title: `${command.label}: not from here`, code: "page.not_offered",
      detail: `The ${command.kind} is ${words(row.status).toLowerCase()}.`,
    });
    return;
  }
  if (command.fields.length > 0) {
    setNow({ dialog: { command, row } });
    return;
  }
  carryOut(command, row, {}).catch((problem) => toast({ tone: "bad", ...problem }));
}

// Send the command. Throws the Problem where it is refused; the row is read again either way,
// because a refusal often means that somebody else was quicker.
export async function carryOut(command, row, values) {
  const { kind } = command;
  const id = row[KINDS[kind].key];
  try {
    const answer = await api.command(
      `${pathOf(kind, id)}${command.name}/`, bodyOf(command, values), row.version);
    readAfter(kind, id, answer.data?.position ?? answer.position);
    toast({ tone: "good", title: `${command.done}: ${row.title}` });
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    if ([404, 409, 412].includes(problem.status)) readAfter(kind, id, null);
    throw problem;
  }
}

function bodyOf(command, values) {
  const body = {};
  for (const { name, type } of command.fields) {
    const value = values[name]?.trim();
    if (value) body[name] = type === "datetime-local" ? new Date(value).toISOString() : value;
  }
  return body;
}

export function startingValue(field, row) {
  if (field.type === "person") return row.assignee ?? get().session.user.username;
  if (field.type === "datetime-local") return localInput(new Date(Date.now() + DEFAULT_HOLD_MS));
  if (field.name === "priority") return row.priority;
  return "";
}

// Whom a ticket could go to: oneself, and everybody who was seen to have one.
export function knownPeople() {
  const { session, tickets, sites } = get();
  return [...new Set([
    session.user.username,
    ...[...tickets.values()].map((ticket) => ticket.assignee),
    ...[...sites.values()].map((site) => site.security_manager),
  ])].filter(Boolean).sort();
}
