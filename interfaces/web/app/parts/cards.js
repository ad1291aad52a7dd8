// The cards: each thing as one that can be focused and acted on, narrow on the wall, wide in a list.
import { invoke, nextStep } from "../commands.js";
import { html } from "../lib.js";
import { Severity } from "../marks.js";
import { get, setNow } from "../store.js";
import { ALERT_FROM, isOpen, keyOf, kindOfFrame, momentOf } from "../tables.js";
import { Ago, BROWSER_ZONE, clock, full, span } from "../time.js";
import { openDrawer } from "../views.js";
import { actorName, evidenceText, isUsual, percent, plural, reasonText, titleOf, words } from "../words.js";

const NEW_FOR_MS = 4000;

export const zoneOf = ({ zone, sites }, siteId) =>
  (zone === "site" && sites.get(siteId)?.time_zone) || BROWSER_ZONE;
// The zone of the header's clock: the chosen site's, or the browser's.
export const wallZone = (state) => zoneOf(state, state.siteId);
export const siteName = ({ sites }, siteId) => sites.get(siteId)?.name ?? siteId;

function Card({ kind, row, state, className = "", label, children }) {
  const id = keyOf(kind, row);
  const { selection } = state;
  const selected = selection?.kind === kind && selection.id === id;
  const choose = () => {
    const now = get().selection;
    if (now?.kind !== kind || now.id !== id) setNow({ selection: { kind, id } });
  };
  const fresh = row.arrivedAt && Date.now() - row.arrivedAt < NEW_FOR_MS;
  return html`<li>
    <article class=${`card ${className} ${selected ? "selected" : ""} ${fresh ? "fresh" : ""}`}
      data-card=${`${kind}/${id}`} tabindex="0" aria-label=${label} aria-current=${selected}
      onFocus=${choose} onDblClick=${() => openDrawer({ kind, id })}>
      ${children}
    </article>
  </li>`;
}

function Next({ kind, row }) {
  const command = nextStep(kind, row);
  if (!command) return null;
  const act = (event) => {
    event.stopPropagation();
    invoke(command, row);
  };
  return html`<button class="next" onClick=${act} tabindex="-1"
    aria-label=${`${command.label}: ${titleOf(kind, row)}`}>${command.label} <kbd>${command.key}</kbd></button>`;
}

// The person's number must not break over two lines; it is what is said over the radio.
function marked(title, person) {
  const at = person ? title.indexOf(person) : -1;
  return at < 0 ? title : html`${title.slice(0, at)}<span class="unbroken">${person}</span>${
    title.slice(at + person.length)}`;
}

const Title = ({ row: { title, person_id: person }, children }) =>
  html`<h3>${children}${marked(title, person)}</h3>`;

const Place = ({ state, row }) => html`<p class="place">
  ${row.site_id && html`<span title=${row.site_id}>${siteName(state, row.site_id)}</span>`}
  ${row.person_id && !row.title?.includes(row.person_id) && html`<span class="person">${row.person_id}</span>`}
</p>`;

const SLA = { AT_RISK: "Due soon", BREACHED: "Overdue" };

export function TicketCard({ row, state }) {
  const zone = zoneOf(state, row.site_id);
  const { severity, priority, status, title, assignee, repeat_count: repeats } = row;
  return html`<${Card} kind="ticket" row=${row} state=${state}
    className=${`edge-${severity} ${status === "ON_HOLD" ? "on-hold" : ""}`}
    label=${`${words(severity)} ticket: ${title}, ${words(status)}${assignee ? `, ${assignee}` : ""}`}>
    <div class="card-top">
      <${Severity} severity=${severity} />
      ${row.sla !== "OK" && html`<span class=${`pill sla-${row.sla}`} title="Its service level">${SLA[row.sla]}</span>`}
      <${Ago} at=${row.opened_at} zone=${zone} />
    </div>
    <${Title} row=${row}>
      ${!isUsual(row) && html`<span class=${`pill priority-${priority}`}>${words(priority)}</span> `}
      ${repeats > 0 && html`<span class="pill" title="How often it happened">×${repeats + 1}</span> `}
    <//>
    <${Place} state=${state} row=${row} />
    <div class="card-foot">
      <span class=${assignee ? "assignee" : "assignee nobody"}>
        ${status === "ON_HOLD" ? "On hold · " : ""}${assignee ?? "Nobody"}</span>
      <${Next} kind="ticket" row=${row} />
    </div>
  <//>`;
}

export function AlertCard({ row, state }) {
  const zone = zoneOf(state, row.site_id);
  const { severity, status, title, count, score } = row;
  return html`<${Card} kind="alert" row=${row} state=${state}
    className=${`edge-${severity} ${status === "OPEN" ? "" : "acknowledged"}`}
    label=${`${words(severity)} alert: ${title}, ${words(status)}`}>
    <div class="card-top">
      <${Severity} severity=${severity} />
      ${row.fraud_type
    ? html`<span class="pill" title="Likelihood of the newest evidence">${percent(score)} %</span>`
    : html`<span class="pill">${words(row.kind)}</span>`}
      ${count > 1 && html`<span class="pill" title="How often it happened">×${count}</span>`}
      <${Ago} at=${momentOf("alert", row)} zone=${zone} />
    </div>
    <${Title} row=${row} />
    <${Place} state=${state} row=${row} />
    <div class="card-foot">
      <span class="assignee">${standing("alert", row)}</span>
      <${Next} kind="alert" row=${row} />
    </div>
  <//>`;
}

export function ScoreCard({ row, state }) {
  const { probability, reasons = [], fraud_type: type } = row;
  const alarming = probability >= ALERT_FROM;
  return html`<${Card} kind="score" row=${row} state=${state}
    className=${`score ${alarming ? "edge-HIGH" : "edge-MEDIUM"}`}
    label=${`Fraud score ${percent(probability)} of 100: ${words(type)}, ${row.person_id}`}>
    <span class=${`probability ${alarming ? "alarming" : ""}`}>${percent(probability)}</span>
    <div class="score-words">
      <div class="card-top"><b>${words(type)}</b><${Ago} at=${row.scored_at} zone=${zoneOf(state, row.site_id)} /></div>
      <${Place} state=${state} row=${row} />
      <p class="reasons" title=${reasons.map(reasonText).join("\n")}>${reasons[0] ? reasonText(reasons[0]) : ""}</p>
    </div>
  <//>`;
}

// Who has it, who has seen it, or what became of it, in a few words.
function standing(kind, row) {
  if (row.verdict) return words(row.verdict);
  if (!isOpen(kind, row) || kind === "anomaly") return words(row.status);
  if (row.assignee) return row.assignee;
  return row.status === "OPEN" ? "New" : `Seen: ${actorName(row.acknowledged_by)}`;
}

// When it was, by the site's wall: from its first to its last sign, or the window that was judged.
const spanOf = ({ window_start: start, window_end: end, first_at: first, last_at: last, ...row }) =>
  [start ?? first ?? row.first_seen_at, end ?? last ?? row.last_seen_at];

// One line of a list, with all that is needed to judge it from three metres.
export function WideCard({ kind, row, state }) {
  const zone = zoneOf(state, row.site_id);
  const title = titleOf(kind, row);
  const over = !isOpen(kind, row);
  return html`<${Card} kind=${kind} row=${row} state=${state}
    className=${`wide edge-${row.severity} ${over ? "over" : row.status === "ACKNOWLEDGED" ? "acknowledged" : ""}`}
    label=${`${words(row.severity)} ${kind}: ${title}, ${words(row.status)}`}>
    <div class="wide-when"><${Severity} severity=${row.severity} />
      <${Ago} at=${momentOf(kind, row)} zone=${zone} /></div>
    <div class="wide-what">
      <${Title} row=${{ ...row, title }} />
      <p class="wide-evidence">${evidenceText(kind, row)}</p>
    </div>
    <div class="wide-where">
      <b title=${row.site_id}>${row.site_id ? siteName(state, row.site_id) : (row.sites ?? []).join(", ")}</b>
      <span class="person">${row.person_id ?? (row.persons ?? []).join(", ")} ${row.device_id ?? ""}</span>
      <span>${span(...spanOf(row), zone)}</span>
    </div>
    <div class="wide-state"><span>${standing(kind, row)}</span><${Next} kind=${kind} row=${row} /></div>
  <//>`;
}

const EVENT_TONES = {
  opened: "raised", raised: "raised", detected: "raised", resolved: "done", closed: "done", withdrawn: "done",
};

// How many of each there were, the most first: "200 findings, 12 tickets".
const counted = (counts, called) => Object.entries(counts).sort(([, a], [, b]) => b - a)
  .map(([name, count]) => called(name, count)).join(", ");

// What the feed left out because it was too much at once; the lists were read again for it.
function GapRow({ frame, state }) {
  const { left_out: leftOut, by_type: types, by_site: sites, first_position: first, position } = frame;
  return html`<li class="frame gap">
    <span class="frame-what"><b>${leftOut} left out</b>
      <span class="frame-title">${counted(types, (type, count) => `${count} ${plural(type, count)}`)}; the lists show them</span></span>
    <span class="frame-place" title=${`Positions ${first} to ${position}`}>
      ${counted(sites, (site, count) => `${siteName(state, site)} ${count}`)}</span>
  </li>`;
}

export function FrameRow({ frame, state }) {
  if (frame.type === "gap") return html`<${GapRow} frame=${frame} state=${state} />`;
  const { event, recorded_at: at, site_id: site, data = {} } = frame;
  const kind = kindOfFrame(frame);
  const what = kind ? titleOf(kind, data) : data.title ?? "";
  const tone = EVENT_TONES[event?.split(".").at(-1)] ?? "";
  return html`<li class=${`frame ${tone}`}>
    <time datetime=${at} title=${full(at, zoneOf(state, site))}>${clock(at, wallZone(state))}</time>
    <span class="frame-what">
      <b>${words(event ?? frame.type)}</b>
      ${data.severity && html`<span class=${`frame-severity severity-${data.severity}`}>${words(data.severity)}</span>`}
      ${typeof data.probability === "number" && html`<span class="pill">${percent(data.probability)} %</span>`}
      <span class="frame-title">${marked(what, data.person_id)}</span>
    </span>
    <span class="frame-place">${site ? siteName(state, site) : ""}</span>
  </li>`;
}
