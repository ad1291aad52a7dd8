// The drawer: the selected card in full, with its commands and its history.
import * as api from "../api.js";
import { findRow, invoke, offered } from "../commands.js";
import { onRefresh, pathOf } from "../effects.js";
import { html, useEffect, useState } from "../lib.js";
import { Severity } from "../marks.js";
import { setNow } from "../store.js";
import { Ago, full } from "../time.js";
import { actorName, percent, reasonText, words } from "../words.js";
import { siteName, zoneOf } from "./cards.js";

// What the head of the drawer or its history shows already, or what only machines read.
const NOT_LISTED = new Set([
  "title", "severity", "status", "timeline", "at", "arrivedAt", "version", "dedup_key", "reasons",
  "features", "contradictions", "probability", "position", "fraud_type", "evidence",
]);
const IS_CODE = /^[A-Z]+(_[A-Z]+)*$/;
const IS_TIME = /_(at|until)$/;
const IS_ID = /(_id|_key|_ids|_digest|^attendance)$/;

function Value({ name, value, state, siteId }) {
  if (IS_TIME.test(name) && typeof value === "string") {
    return html`<span>${full(value, zoneOf(state, siteId))} (<${Ago} at=${value} />)</span>`;
  }
  if (name === "site_id") return `${siteName(state, value)} (${value})`;
  if (IS_ID.test(name)) return html`<code>${Array.isArray(value) ? value.join(", ") : value}</code>`;
  if (Array.isArray(value)) return value.map(reasonText).join(", ");
  if (typeof value === "object") {
    return html`<dl class="facts nested">${Object.entries(value).filter(([, inner]) => inner !== null)
      .map(([key, inner]) => html`<div key=${key}><dt>${words(key)}</dt><dd>${String(inner)}</dd></div>`)}</dl>`;
  }
  return IS_CODE.test(value) ? words(value) : String(value);
}

const listed = (row) => Object.entries(row).filter(([name, value]) =>
  !NOT_LISTED.has(name) && value !== null && value !== undefined && value !== ""
  && !(Array.isArray(value) && value.length === 0));

// The head of the drawer, or its facts, say these already.
const HIDDEN_IN_HISTORY = /(_id|_key|_type|^type|^title|^category|^kind|^evidence)$/;

function told(name, value, zone) {
  if (IS_TIME.test(name)) return full(value, zone);
  return IS_CODE.test(value) ? words(value) : value;
}

function History({ timeline, state, siteId }) {
  const zone = zoneOf(state, siteId);
  return html`<ol class="history">
    ${[...timeline].reverse().map(({ position, type, recorded_at: at, actor, data = {} }) => html`
      <li key=${position}>
        <div class="history-top"><b>${words(type.split(".").at(-1))}</b>
          <span>${actorName(actor)}</span>
          <time datetime=${at}>${full(at, zone)}</time></div>
        <p>${Object.entries(data)
          .filter(([name, value]) => !HIDDEN_IN_HISTORY.test(name) && ["string", "number"].includes(typeof value))
          .map(([name, value]) => `${words(name)}: ${told(name, value, zone)}`)
          .join(" · ")}</p>
        <code class="history-position">#${position}</code>
      </li>`)}
  </ol>`;
}

const FEATURE_UNITS = {
  gps_accuracy: "m", geofence_distance_meters: "m", velocity_kmh: "km/h", phone_signal_strength: "dBm",
  battery_level: "%", location_update_frequency: "an hour",
};

function Judgement({ row }) {
  const { reasons = [], contradictions = [], features } = row;
  return html`
    ${contradictions.length > 0 && html`<p class="contradictions">Contradiction: ${contradictions.map(words).join(", ")}</p>`}
    ${reasons.length > 0 && html`<h3>Why</h3><ul class="why">${reasons.map((reason) => html`<li>${reasonText(reason)}</li>`)}</ul>`}
    ${features && html`<h3>What was known</h3><dl class="facts">${Object.entries(features).map(([name, value]) => html`
      <div key=${name}><dt>${words(name)}</dt>
        <dd>${value === null ? "not known" : `${Math.round(value * 100) / 100} ${FEATURE_UNITS[name] ?? ""}`}</dd></div>`)}</dl>`}`;
}

// The whole of a ticket or an alert, read again whenever the feed says that it changed.
function useDetail(kind, id) {
  const [detail, setDetail] = useState({});
  useEffect(() => {
    let current = true;
    const fetchIt = async (position) => {
      try {
        const { data } = await api.read(pathOf(kind, id), { wait_for: position });
        if (current) setDetail({ id, row: data });
      } catch (problem) {
        if (!(problem instanceof api.Problem)) throw problem;
        if (current) setDetail({ id, problem });
      }
    };
    if (kind === "score") return undefined;
    fetchIt();
    const forget = onRefresh((changed, key, position) => {
      if (changed === kind && key === id) fetchIt(position);
    });
    return () => {
      current = false;
      forget();
    };
  }, [kind, id]);
  return detail.id === id ? detail : {};
}

function usePersonName(personId) {
  const [person, setPerson] = useState({});
  useEffect(() => {
    let current = true;
    if (!personId) return undefined;
    api.read(`directory/persons/${encodeURIComponent(personId)}/`).then(
      ({ data }) => current && setPerson(data),
      () => {}, // the id stands there as well; the name is a kindness
    );
    return () => { current = false; };
  }, [personId]);
  return person.person_id === personId ? person.name : null;
}

export function Drawer({ state }) {
  const { kind, id } = state.selection;
  const detail = useDetail(kind, id);
  const onBoard = findRow(state.selection);
  const row = { ...detail.row, ...onBoard };
  const name = usePersonName(row.person_id);
  const timeline = detail.row?.timeline;
  const shut = () => setNow({ drawerOpen: false });
  const title = kind === "score" ? `${words(row.fraud_type)}: ${percent(row.probability ?? 0)} of 100` : row.title;
  return html`<aside class="drawer" aria-label="Details">
    <header>
      <div class="drawer-top">
        ${row.severity && html`<${Severity} severity=${row.severity} />`}
        <span class="status">${words(row.status ?? (kind === "score" ? "Fraud score" : ""))}</span>
        <button class="shut" onClick=${shut} aria-label="Close the details">Esc ✕</button>
      </div>
      <h2>${title ?? "…"}</h2>
      ${name && html`<p class="drawer-person">${name}</p>`}
      <div class="commands">
        ${onBoard && offered(kind, row).map((command) => html`
          <button key=${command.name} onClick=${() => invoke(command, onBoard)}>
            ${command.label} <kbd>${command.key}</kbd></button>`)}
      </div>
    </header>
    <div class="drawer-body">
      ${detail.problem && html`<p class="problem" role="alert"><strong>${detail.problem.title}</strong>
        ${detail.problem.detail} <code>${detail.problem.code}</code></p>`}
      <${Judgement} row=${row} />
      <h3>Facts</h3>
      <dl class="facts">${listed(row).map(([key, value]) => html`
        <div key=${key}><dt>${words(key.replace(/^(site|person|device)_id$/, "$1"))}</dt>
          <dd><${Value} name=${key} value=${value} state=${state} siteId=${row.site_id} /></dd></div>`)}</dl>
      ${timeline && html`<h3>History</h3><${History} timeline=${timeline} state=${state} siteId=${row.site_id} />`}
    </div>
  </aside>`;
}
