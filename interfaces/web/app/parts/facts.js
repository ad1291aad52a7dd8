// The facts of a row, one a line, in words; and the timeline of a story.
import { html } from "../lib.js";
import { KINDS } from "../tables.js";
import { Ago, full } from "../time.js";
import { actorName, reasonText, words } from "../words.js";
import { siteName, zoneOf } from "./cards.js";
import { Jump } from "./evidence.js";

// What the head of the drawer or its history shows already, or what only machines read.
const NOT_LISTED = new Set([
  "title", "severity", "status", "timeline", "at", "arrivedAt", "version", "dedup_key", "reasons",
  "features", "contradictions", "probability", "position", "fraud_type", "evidence", "clock", "sla",
  "absorbed_stories", "items", "item_count", "severity_rule", "measured", "expected", "received", "explanation",
  "because", "judged_up_to", "window_start", "window_end", "metric", "subject_kind", "revisions", "score",
]);
const IS_CODE = /^[A-Z]+(_[A-Z]+)*$/;
const IS_TIME = /_(at|until|start|end)$/;
const IS_ID = /(_id|_key|_ids|_digest|^attendance|^links|^absorbed|^persons|^devices|^sites)$/;

function Value({ name, value, state, siteId }) {
  if (IS_TIME.test(name) && typeof value === "string") {
    return html`<span>${full(value, zoneOf(state, siteId))} (<${Ago} at=${value} />)</span>`;
  }
  if (name === "site_id") return `${siteName(state, value)} (${value})`;
  const [, kind] = /^(ticket|alert|finding|incident)_id$/.exec(name) ?? [];
  if (kind) return html`<${Jump} kind=${kind} id=${value}>Open the ${kind}<//> <code>${value}</code>`;
  if (IS_ID.test(name)) return html`<code>${Array.isArray(value) ? value.join(", ") : value}</code>`;
  if (Array.isArray(value)) return value.map(reasonText).join(", ");
  if (typeof value === "object") {
    return html`<dl class="facts nested">${Object.entries(value).filter(([, inner]) => inner !== null)
      .map(([key, inner]) => html`<div key=${key}><dt>${words(key)}</dt><dd>${String(inner)}</dd></div>`)}</dl>`;
  }
  return IS_CODE.test(value) ? words(value) : String(value);
}

const listed = (kind, row) => Object.entries(row).filter(([name, value]) =>
  !NOT_LISTED.has(name) && name !== KINDS[kind].key && value !== null && value !== undefined && value !== ""
  && !(Array.isArray(value) && value.length === 0));

export const Facts = ({ kind, row, state }) => html`<h3>Facts</h3>
  <dl class="facts">${listed(kind, row).map(([key, value]) => html`
    <div key=${key}><dt>${words(key.replace(/^(site|person|device)_id$/, "$1"))}</dt>
      <dd><${Value} name=${key} value=${value} state=${state} siteId=${row.site_id} /></dd></div>`)}</dl>`;

// The head of the drawer, or its facts, say these already.
const HIDDEN_IN_HISTORY = /(_id|_key|_type|_kind|^type|^title|^category|^kind|^evidence|^metric|^window_.*)$/;

function told(name, value, zone) {
  if (IS_TIME.test(name)) return full(value, zone);
  return IS_CODE.test(value) ? words(value) : value;
}

// What a fact says in a sentence of its own, inside what it carries.
const saidIn = ({ evidence, measured, item, link }) => [
  evidence?.explanation, measured?.explanation, item?.label, ...(link?.reasons ?? []),
].filter(Boolean);

export function History({ timeline, state, siteId }) {
  const zone = zoneOf(state, siteId);
  return html`<ol class="history">
    ${[...timeline].reverse().map(({ position, type, recorded_at: at, actor, data = {} }) => html`
      <li key=${position}>
        <div class="history-top"><b>${words(type.split(".").at(-1))}</b>
          <span>${actorName(actor)}</span>
          <time datetime=${at}>${full(at, zone)}</time></div>
        <p>${[...saidIn(data), ...Object.entries(data)
          .filter(([name, value]) => !HIDDEN_IN_HISTORY.test(name) && ["string", "number"].includes(typeof value))
          .map(([name, value]) => `${words(name)}: ${told(name, value, zone)}`)]
          .join(" · ")}</p>
        <code class="history-position">#${position}</code>
      </li>`)}
  </ol>`;
}

