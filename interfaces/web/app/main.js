// Vedette's page: what an operator needs at three in the morning.
import { onKeyDown } from "./keys.js";
import { html, render, useEffect } from "./lib.js";
import { Dialogs } from "./parts/dialogs.js";
import { Drawer } from "./parts/drawer.js";
import { Header, StaleBar, Views } from "./parts/header.js";
import { Login } from "./parts/login.js";
import { Toasts } from "./parts/toasts.js";
import { Wall } from "./parts/wall.js";
import { setNow, useStore } from "./store.js";
import { begin, rememberedSession } from "./sync.js";

// A card that moved to another column is drawn anew there; the focus goes with it.
function keepFocus({ selection, dialog }) {
  if (!selection || dialog || document.activeElement !== document.body) return;
  const name = CSS.escape(`${selection.kind}/${selection.id}`);
  document.querySelector(`[data-card="${name}"]`)?.focus({ preventScroll: true });
}

function titleOf({ session, tickets }) {
  if (!session) return "Vedette";
  const waiting = [...tickets.values()].filter(({ status }) => status === "NEW").length;
  return `${waiting > 0 ? `(${waiting}) ` : ""}Vedette · ${session.tenant}`;
}

function Page() {
  const state = useStore();
  useEffect(() => {
    document.title = titleOf(state);
    keepFocus(state);
  });
  if (!state.session) return html`<${Login} />`;
  return html`<div class="page">
    <${Header} state=${state} />
    <${Views} state=${state} />
    <${StaleBar} connection=${state.connection} />
    <${Wall} state=${state} />
    ${state.drawerOpen && state.selection && html`<${Drawer} state=${state} />`}
    <${Dialogs} dialog=${state.dialog} />
    <${Toasts} toasts=${state.toasts} />
    <div class="sr-only" role="status" aria-live="polite">${state.announcement}</div>
  </div>`;
}

const session = rememberedSession();
if (session) {
  setNow({ session });
  begin();
}
document.addEventListener("keydown", onKeyDown);
render(html`<${Page} />`, document.querySelector("#app"));
