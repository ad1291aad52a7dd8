// The wishes: every command of every kind, from where it is offered, and what must be told.
//
// `from` only decides what is offered. Whether a command is allowed is the server's to say, and
// its refusal is shown in its own words.
import { ALERT_STATUSES, OPEN_STATUSES, PRIORITIES, RESOLUTION_REASONS, words } from "./words.js";

const LONG_MAX = 4000; // characters
const SHORT_MAX = 200; // characters

const text = (name, label, maxLength = LONG_MAX) =>
  ({ name, label, type: "textarea", required: true, maxLength });
const ASSIGNEE = { name: "assignee", label: "To whom", type: "person", required: true };
const VERDICT = [
  { name: "reason", label: "Verdict", type: "select", required: true, options: RESOLUTION_REASONS },
  { ...text("comment", "Comment (not required)"), required: false },
];
const ACKNOWLEDGE = {
  name: "acknowledge", key: "a", label: "Acknowledge", from: ["OPEN"], done: "Acknowledged", fields: [],
};
const COMMENT = {
  name: "comment", key: "c", label: "Comment", from: null, done: "Comment added", fields: [text("text", "Comment")],
};

const ticketCommands = [
  {
    name: "assign", key: "a", label: "Assign", from: OPEN_STATUSES, done: "Assigned",
    fields: [ASSIGNEE],
  },
  { name: "start", key: "s", label: "Start", from: ["ASSIGNED"], done: "Started", fields: [] },
  {
    name: "resolve", key: "r", label: "Resolve", from: ["IN_PROGRESS"], done: "Resolved",
    fields: [text("resolution", "What was found, and what was done")],
  },
  COMMENT,
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
    name: "prioritise", key: "p", label: "Change priority", from: OPEN_STATUSES, done: "Priority changed",
    fields: [{
      name: "priority", label: "Priority", type: "select", required: true,
      options: PRIORITIES.map((priority) => [priority, words(priority)]),
    }],
  },
  {
    name: "link", key: "i", label: "Link to another ticket", from: null, done: "Linked",
    fields: [{ name: "other_ticket_id", label: "The other ticket", type: "other", required: true }],
  },
  {
    name: "merge", key: "g", label: "Merge into another ticket", from: OPEN_STATUSES, done: "Merged",
    fields: [{ name: "into_ticket_id", label: "The ticket that goes on", type: "other", required: true }],
  },
  {
    name: "cancel", key: "d", label: "Cancel ticket", from: OPEN_STATUSES, done: "Cancelled",
    fields: [text("reason", "Why it needs no work", SHORT_MAX)],
  },
];

const alertCommands = [
  ACKNOWLEDGE,
  { name: "assign", key: "g", label: "Assign", from: ALERT_STATUSES, done: "Assigned", fields: [ASSIGNEE] },
  { name: "resolve", key: "r", label: "Resolve", from: ALERT_STATUSES, done: "Resolved", fields: VERDICT },
  COMMENT,
  {
    name: "reopen", key: "o", label: "Reopen", from: ["RESOLVED"], done: "Reopened",
    fields: [text("reason", "Why the verdict is taken back", SHORT_MAX)],
  },
];

const findingCommands = [
  ACKNOWLEDGE,
  { name: "resolve", key: "r", label: "Resolve", from: ALERT_STATUSES, done: "Resolved", fields: VERDICT },
];

const incidentCommands = [
  ACKNOWLEDGE,
  {
    name: "resolve", key: "r", label: "Resolve", from: ALERT_STATUSES, done: "Resolved",
    fields: [text("resolution", "What it was, and what was done")],
  },
  {
    name: "link", key: "i", label: "Link to another incident", from: null, done: "Linked",
    fields: [
      { name: "other_incident_id", label: "The other incident", type: "other", required: true },
      text("reason", "What they have to do with each other", SHORT_MAX),
    ],
  },
  {
    name: "merge", key: "g", label: "Merge into another incident", from: ALERT_STATUSES, done: "Merged",
    fields: [
      { name: "into_incident_id", label: "The incident that goes on", type: "other", required: true },
      text("reason", "Why they are one", SHORT_MAX),
    ],
  },
];

const of = (kind, commands) => commands.map((command) => ({ ...command, kind }));

export const COMMANDS = {
  ticket: of("ticket", ticketCommands),
  alert: of("alert", alertCommands),
  finding: of("finding", findingCommands),
  incident: of("incident", incidentCommands),
  anomaly: [], // nobody decides about those; whoever doubts one resolves its alert
  score: [],
};

export const CAPABILITY = {
  ticket: "tickets:work", alert: "alerts:work", finding: "findings:work", incident: "incidents:work",
};

// The one step that moves a thing on, shown as its button.
const SEEN_AND_SETTLED = { OPEN: "acknowledge", ACKNOWLEDGED: "resolve" };
export const NEXT = {
  ticket: { NEW: "assign", ASSIGNED: "start", IN_PROGRESS: "resolve", ON_HOLD: "resume", RESOLVED: "close" },
  alert: SEEN_AND_SETTLED, finding: SEEN_AND_SETTLED, incident: SEEN_AND_SETTLED, anomaly: {}, score: {},
};
