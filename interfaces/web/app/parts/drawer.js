// The drawer: the selected thing in full, with its commands, its history and its why.
import * as api from "../api.js";
import { findRow, invoke, offered } from "../commands.js";
import { onRefresh, pathOf } from "../effects.js";
import { html, useEffect, useState } from "../lib.js";
import { Severity } from "../marks.js";
import { setNow } from "../store.js";
import { shutDrawer } from "../views.js";
import { percent, titleOf, words } from "../words.js";
import { Evidence } from "./evidence.js";
import { Facts, History } from "./facts.js";
import { Why } from "./why.js";

const CLOCK_SETTLES_MS = 2_000;

// The whole of the selected thing, read again whenever the feed says that it changed.
function useDetail(kind, id) {
  useEffect(() => {
    let current = true;
    const fetchIt = async (position) => {
      try {
        const { data } = await api.read(pathOf(kind, id), { wait_for: position });
        if (current) setNow({ detail: { kind, id, row: data } });
      } catch (problem) {
        if (!(problem instanceof api.Problem)) throw problem;
        if (current) setNow({ detail: { kind, id, problem } });
      }
    };
    if (kind === "score") return undefined;
    fetchIt();
    // A ticket's clock is worked out a moment after what changed it, and no frame tells of that.
    let later = kind === "ticket" ? setTimeout(fetchIt, CLOCK_SETTLES_MS) : null;
    const forget = onRefresh((changed, key, position) => {
      if (changed !== kind || key !== id) return;
      fetchIt(position);
      clearTimeout(later);
      if (kind === "ticket") later = setTimeout(fetchIt, CLOCK_SETTLES_MS);
    });
    return () => {
      current = false;
      clearTimeout(later);
      forget();
    };
  }, [kind, id]);
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

const TABS = [["details", "Details", "↵"], ["why", "Why", "y"]];

function Details({ kind, row, detail, state }) {
  const { timeline, absorbed_stories: absorbed = [] } = detail.row ?? {};
  return html`
    <${Evidence} kind=${kind} row=${row} state=${state} />
    <${Facts} kind=${kind} row=${row} state=${state} />
    ${timeline && html`<h3>History</h3><${History} timeline=${timeline} state=${state} siteId=${row.site_id} />`}
    ${absorbed.map((other) => html`<h3 key=${other.ticket_id}>History of what was merged into it</h3>
      <${History} timeline=${other.timeline} state=${state} siteId=${row.site_id} />`)}`;
}

export function Drawer({ state }) {
  const { selection: { kind, id }, drawerShows: shows } = state;
  useDetail(kind, id);
  const detail = state.detail?.kind === kind && state.detail.id === id ? state.detail : {};
  const known = findRow(state.selection);
  // The feed tells all of a ticket but its clock, and all of a finding but its ticket.
  const untold = Object.fromEntries(["clock", "ticket_id"].map((name) => [name, detail.row?.[name] ?? known?.[name]]));
  const row = { ...detail.row, ...known, ...untold };
  const name = usePersonName(row.person_id);
  const title = kind === "score" ? `${words(row.fraud_type)}: ${percent(row.probability ?? 0)} of 100` : titleOf(kind, row);
  return html`<aside class="drawer" aria-label="Details">
    <header>
      <div class="drawer-top">
        ${row.severity && html`<${Severity} severity=${row.severity} />`}
        <span class="status">${words(kind)} · ${words(row.status ?? "")}</span>
        <button class="shut" onClick=${shutDrawer} aria-label="Close the details">Esc ✕</button>
      </div>
      <h2>${title || "…"}</h2>
      ${name && html`<p class="drawer-person">${name}</p>`}
      <div class="commands">
        ${known && offered(kind, row).map((command) => html`
          <button key=${command.name} onClick=${() => invoke(command, known)}>
            ${command.label} <kbd>${command.key}</kbd></button>`)}
      </div>
      <div class="tabs">${TABS.map(([tab, label, key]) => html`
        <button key=${tab} aria-pressed=${shows === tab} onClick=${() => setNow({ drawerShows: tab })}>
          ${label} <kbd>${key}</kbd></button>`)}</div>
    </header>
    <div class="drawer-body">
      ${detail.problem && html`<p class="problem" role="alert"><strong>${detail.problem.title}</strong>
        ${detail.problem.detail} <code>${detail.problem.code}</code></p>`}
      ${shows === "why"
    ? html`<${Why} key=${id} kind=${kind} id=${id} state=${state} />`
    : html`<${Details} kind=${kind} row=${row} detail=${detail} state=${state} />`}
    </div>
  </aside>`;
}
