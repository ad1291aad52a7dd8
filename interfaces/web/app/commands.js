// The commands: what can be done with the selected thing, and doing it.
import * as api from "./api.js";
import { pathOf, toast } from "./effects.js";
import { get, setNow } from "./store.js";
import { readAfter } from "./sync.js";
import { KINDS } from "./tables.js";
import { localInput } from "./time.js";
import { CAPABILITY, COMMANDS, NEXT } from "./wishes.js";
import { titleOf, words } from "./words.js";

const DEFAULT_HOLD_MS = 60 * 60 * 1000;

// The selected thing: as its list has it, or, where no list does, as the drawer read it.
export function findRow({ kind, id }) {
  const { detail, [KINDS[kind].list]: table } = get();
  return table.get(id) ?? (detail?.kind === kind && detail.id === id ? detail.row : undefined);
}

const may = (kind) => get().session.user.capabilities.includes(CAPABILITY[kind]);

export const offered = (kind, row) => (may(kind)
  ? COMMANDS[kind].filter(({ from }) => from === null || from.includes(row.status)) : []);

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
    toast({ tone: "good", title: `${command.done}: ${titleOf(kind, row)}` });
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

// Whom work could go to: oneself, and everybody who was seen to have some.
export function knownPeople() {
  const { session, tickets, alerts, sites } = get();
  return [...new Set([
    session.user.username,
    ...[...tickets.values(), ...alerts.values()].map(({ assignee }) => assignee),
    ...[...sites.values()].map((site) => site.security_manager),
  ])].filter(Boolean).sort();
}
