// The words of the screen: what codes, events and severities are called, and in which order.
// Who did it, as the log names actors: "user:amara", "key:gate", "policy:open-ticket-…".
export function actorName(actor) {
  const [kind, name = ""] = String(actor ?? "").split(/:(.*)/);
  if (kind === "user") return name;
  return kind === "policy" ? `Rule: ${name.replaceAll("-", " ")}` : `${kind} ${name}`.trim();
}

export const SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"];
// The priority that a severity brings with it; another one is a person's doing and worth a mark.
const USUAL_PRIORITY = { CRITICAL: "URGENT", HIGH: "HIGH", MEDIUM: "NORMAL", LOW: "LOW", INFO: "LOW" };
export const isUsual = ({ severity, priority }) => USUAL_PRIORITY[severity] === priority;

export const PRIORITIES = ["URGENT", "HIGH", "NORMAL", "LOW"];

export const COLUMNS = [
  { name: "NEW", title: "New", statuses: ["NEW"], empty: "Nothing waits for somebody to take it." },
  { name: "ASSIGNED", title: "Assigned", statuses: ["ASSIGNED"], empty: "Nothing waits to be started." },
  {
    name: "IN_PROGRESS", title: "In progress", statuses: ["IN_PROGRESS", "ON_HOLD"],
    empty: "Nobody is working on a ticket.",
  },
  { name: "RESOLVED", title: "Resolved", statuses: ["RESOLVED"], empty: "Nothing waits to be closed." },
];
export const BOARD_STATUSES = COLUMNS.flatMap((column) => column.statuses);
export const ALERT_STATUSES = ["OPEN", "ACKNOWLEDGED"];
export const OPEN_STATUSES = ["NEW", "ASSIGNED", "IN_PROGRESS", "ON_HOLD"];

export const RESOLUTION_REASONS = [
  ["CONFIRMED_FRAUD", "Confirmed fraud"],
  ["CONFIRMED_NEGLIGENCE", "Confirmed negligence"],
  ["BENIGN_EXPECTED", "Benign, expected"],
  ["FALSE_POSITIVE_LOGIC", "False alarm: the rule or model is wrong"],
  ["FALSE_POSITIVE_DATA", "False alarm: the data is wrong"],
  ["DUPLICATE", "Duplicate"],
  ["DEVICE_FAULT", "Device fault"],
  ["UNDETERMINED", "Cannot be determined"],
];

// What a thing is called on a card; an anomaly has no title of its own.
export function titleOf(kind, row) {
  if (kind === "score") return `${words(row.fraud_type)} · ${row.person_id}`;
  if (kind === "anomaly" && row.metric) return `${words(row.metric)} of ${row.subject_id}`;
  return row.title ?? "";
}

export const rounded = (value) => Math.round(value * 100) / 100;

// What something stands on, in one sentence.
const EVIDENCE = {
  alert: ({ kind, fraud_type: type, metric, count, score }) => [
    words(kind), type && `${words(type)}, ${percent(score)} % likely`, metric && words(metric),
    count > 1 && `${count} times`,
  ].filter(Boolean).join(" · "),
  finding: ({ finding_type: type, explanation }) => `${words(type)} · ${explanation}`,
  incident: ({ items, severity_rule: rule }) =>
    `${[...new Set(items.map(({ item }) => item.label))].join(", ")} (${rule})`,
  anomaly: ({ measured: { explanation, z, threshold, threshold_reason: reason } }) =>
    `${explanation} · ${rounded(z)} deviations, allowed ${rounded(threshold)} (${words(reason).toLowerCase()})`,
};
export const evidenceText = (kind, row) => EVIDENCE[kind]?.(row) ?? "";

const SPECIAL = { gps: "GPS", id: "id", sla: "SLA", nfc: "NFC", km: "km", url: "URL", kmh: "km/h", dbm: "dBm" };

// "SECURITY_FRAUD", "impossible_travel", "ticket.opened" -> words with a capital first letter.
export function words(code) {
  if (!code) return "";
  const text = String(code).split(/[_.\s]+/)
    .map((word) => SPECIAL[word.toLowerCase()] ?? word.toLowerCase())
    .join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// A word for so many: "alert" and 2 -> "alerts", "anomaly" and 2 -> "anomalies".
export const plural = (word, count) => (count === 1 ? word : `${word.replace(/y$/, "ie")}s`);

export const percent = (probability) => Math.round(probability * 100);

export const rankOf = (list, value) => {
  const rank = list.indexOf(value);
  return rank === -1 ? list.length : rank;
};

// A reason is a code, or an object with words of its own.
export function reasonText(reason) {
  if (reason && typeof reason === "object") {
    return reason.text ?? reason.words ?? reason.description ?? reason.detail ?? words(reason.code);
  }
  return /^[A-Z0-9_.]+$/i.test(reason) ? words(reason) : reason;
}
