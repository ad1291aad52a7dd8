// Login: who you are, for which tenant.
import * as api from "../api.js";
import { html, useState } from "../lib.js";
import { Logo } from "../marks.js";
import { setNow, useStore } from "../store.js";
import { begin, rememberSession } from "../sync.js";

const TENANT_KEY = "vedette.tenant"; // not a secret, so it outlives the tab

export function Login() {
  const { notice } = useStore();
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const tenant = localStorage.getItem(TENANT_KEY) ?? "";

  async function submit(event) {
    event.preventDefault();
    const wanted = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setProblem(null);
    try {
      const { data } = await api.login(wanted);
      localStorage.setItem(TENANT_KEY, wanted.tenant);
      const session = {
        token: data.access_token, expiresAt: data.expires_at, tenant: wanted.tenant, user: data.user,
      };
      rememberSession(session);
      setNow({ session, notice: null });
      begin();
    } catch (refusal) {
      if (!(refusal instanceof api.Problem)) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  }

  return html`<main class="login">
    <form onSubmit=${submit} aria-labelledby="login-title">
      <${Logo} />
      <h1 id="login-title">Vedette</h1>
      <p class="login-what">Sentry of the operations centre</p>
      ${notice && html`<p class="login-notice" role="status">${notice}</p>`}
      <label>Tenant
        <input name="tenant" autocomplete="organization" required maxlength="64" spellcheck="false"
          defaultValue=${tenant} value=${tenant} autofocus=${!tenant} /></label>
      <label>User name
        <input name="username" autocomplete="username" required maxlength="200" spellcheck="false"
          autofocus=${Boolean(tenant)} /></label>
      <label>Password
        <input name="password" type="password" autocomplete="current-password" required /></label>
      ${problem && html`<p class="problem" role="alert">
        <strong>${problem.title}</strong> ${problem.detail} <code>${problem.code}</code></p>`}
      <button class="primary" disabled=${busy}>${busy ? "Logging in …" : "Log in"}</button>
    </form>
    <p class="login-foot"><a href="/docs">API documentation</a></p>
  </main>`;
}
