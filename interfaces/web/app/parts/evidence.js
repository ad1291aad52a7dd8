// The evidence: what each kind stands on, with its numbers.
import { html } from "../lib.js";
import { SeverityMark } from "../marks.js";
import { KINDS } from "../tables.js";
import { full, span, until, useTick } from "../time.js";
import { openDrawer } from "../views.js";
import { percent, reasonText, rounded, words } from "../words.js";
import { siteName, zoneOf } from "./cards.js";

// A button to another thing that the page can open; what it cannot is just told.
export const Jump = ({ kind, id, children }) => (KINDS[kind] && kind !== "score"
  ? html`<button class="linkish" onClick=${() => openDrawer({ kind, id })}>${children}</button>`
  : html`<span>${children}</span>`);

const FEATURE_UNITS = {
  gps_accuracy: "m", geofence_distance_meters: "m", velocity_kmh: "km/h", phone_signal_strength: "dBm",
  battery_level: "%", location_update_frequency: "an hour",
};

function Score({ row }) {
  const { reasons = [], contradictions = [], features } = row;
  return html`
    ${contradictions.length > 0 && html`<p class="contradictions">Contradiction: ${contradictions.map(words).join(", ")}</p>`}
    ${reasons.length > 0 && html`<h3>Why</h3><ul class="why">${reasons.map((reason) => html`<li>${reasonText(reason)}</li>`)}</ul>`}
    ${features && html`<h3>What was known</h3><dl class="facts">${Object.entries(features).map(([name, value]) => html`
      <div key=${name}><dt>${words(name)}</dt>
        <dd>${value === null ? "not known" : `${rounded(value)} ${FEATURE_UNITS[name] ?? ""}`}</dd></div>`)}</dl>`}`;
}

const Figure = ({ label, value, more, className }) => html`<div class=${className}>
  <dt>${label}</dt><dd>${value}${more && html`<small>${more}</small>`}</dd></div>`;

function Target({ label, due, counted, target }) {
  const left = useTick(() => (due ? until(due) : "paused"));
  if (target === null || target === undefined) return null;
  const late = due && new Date(due) < new Date();
  return html`<${Figure} label=${label} value=${left} className=${late ? "overdue" : ""}
    more=${`${Math.round((counted ?? 0) / 60)} of ${Math.round(target / 60)} min counted`} />`;
}

const SLA = { OK: "in time", AT_RISK: "at risk", BREACHED: "breached" };

function Ticket({ row: { clock: targets, sla, escalation_level: level } }) {
  return html`<dl class="numbers">
    <${Figure} label="Service level" value=${SLA[sla] ?? "–"} className=${sla === "BREACHED" ? "overdue" : ""}
      more=${level > 0 ? `escalated ${level}×` : targets?.paused ? "the clock stands still" : null} />
    ${targets && html`
      <${Target} label="To be taken on" due=${targets.acknowledge_due_at} counted=${targets.acknowledge_counted_s}
        target=${targets.acknowledge_target_s} />
      <${Target} label="To be done" due=${targets.resolve_due_at} counted=${targets.resolve_counted_s}
        target=${targets.resolve_target_s} />`}
  </dl>`;
}

function Finding({ row, state }) {
  const { explanation, expected, received, because, window_start: start, window_end: end, revisions } = row;
  const zone = zoneOf(state, row.site_id);
  return html`<p class="says">${explanation}</p>
    <dl class="numbers">
      <${Figure} label="Window" className="wordy" value=${span(start, end, zone)} />
      <${Figure} label="Expected" value=${expected.length} />
      <${Figure} label="Received" value=${received.length} more=${because.length > 0 ? `${because.length} late` : null} />
      ${revisions > 0 && html`<${Figure} label="Judged anew" value=${`${revisions}×`} />`}
    </dl>
    ${expected.length > 0 && html`<h3>Expected</h3><ul class="items">${expected.map(({ what, by }) => html`
      <li key=${what + by}><div class="items-top"><b>${what}</b>${by && html`<time datetime=${by}>by ${full(by, zone)}</time>`}</div></li>`)}</ul>`}`;
}

function Incident({ row, state }) {
  const zone = zoneOf(state, row.site_id);
  return html`<p class="says">${words(row.severity)}: ${row.severity_rule}</p>
    <h3>What belongs to it (${row.items.length})</h3>
    <ol class="items">${row.items.map(({ item, link }) => html`<li key=${item.id}>
      <div class="items-top"><span class=${`severity-${item.severity}`}><${SeverityMark} severity=${item.severity} /></span>
        <b><${Jump} kind=${item.kind} id=${item.id}>${words(item.label)}<//></b>
        <span>${[words(item.kind), item.person_id, item.device_id, item.site_id && siteName(state, item.site_id)]
          .filter(Boolean).join(" · ")}</span>
        <time datetime=${item.at}>${span(item.at, item.until, zone)}</time></div>
      <p>${link.with_id ? `Match ${percent(link.score)} %: ` : "First: "}${link.reasons.join(", ") || "nothing before it"}</p>
    </li>`)}</ol>`;
}

const BUCKETS = {
  hour_of_week: "this hour of the week", hour_of_day: "this hour of the day", subject: "all hours", site: "the site's own",
};

function Anomaly({ row, state }) {
  const { value, mean, deviation, count, z, threshold, threshold_reason: reason, bucket, explanation, signals } = row.measured;
  return html`<p class="says">${explanation}</p>
    <dl class="numbers">
      <${Figure} label="Measured" value=${rounded(value)} more=${`from ${signals.length} signals`} />
      <${Figure} label="Usual" value=${`${rounded(mean)} ± ${rounded(deviation)}`} more=${`${count} samples, ${BUCKETS[bucket] ?? bucket}`} />
      <${Figure} label="Deviations" value=${rounded(z)} more=${`allowed ${rounded(threshold)}: ${words(reason).toLowerCase()}`} />
      <${Figure} label="Window" className="wordy" value=${span(row.window_start, row.window_end, zoneOf(state, row.site_id))} />
    </dl>`;
}

const OF_KIND = { ticket: Ticket, finding: Finding, incident: Incident, anomaly: Anomaly, score: Score };

// Drawn once the whole row is there: a link may open a thing before it is read.
export function Evidence({ kind, row, state }) {
  const Of = OF_KIND[kind];
  return Of && row[KINDS[kind].key] ? html`<${Of} row=${row} state=${state} />` : null;
}
