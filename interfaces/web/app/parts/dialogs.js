// The dialogs: what a command needs to know, every command of a card, and the keys.
import { Problem } from "../api.js";
import { carryOut, invoke, knownPeople, offered, startingValue } from "../commands.js";
import { KEYS } from "../keys.js";
import { html, useLayoutEffect, useRef, useState } from "../lib.js";
import { get, setNow } from "../store.js";
import { KINDS, keyOf } from "../tables.js";
import { titleOf } from "../words.js";

const shut = () => setNow({ dialog: null });

function Dialog({ title, children, onKeyDown }) {
  const element = useRef(null);
  // Before the browser paints, so that no key pressed in a hurry falls between card and dialog.
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  const onClick = ({ target }) => target === element.current && shut();
  // Escape hides a dialog first and tells of the close in a later task: a key that is pressed in
  // between would fall between dialog and page. The cancel comes before.
  return html`<dialog ref=${element} aria-label=${title} onCancel=${shut} onClose=${shut} onClick=${onClick} onKeyDown=${onKeyDown}>
    <div class="dialog-inner"><h2>${title}</h2>${children}</div>
  </dialog>`;
}

function Field({ kind, field, row, index, blamed }) {
  const { name, label, type, required, maxLength, options } = field;
  const attributes = {
    name, required, maxlength: maxLength, autofocus: index === 0, "aria-invalid": blamed,
    "data-autofocus": index === 0 || undefined,
  };
  const value = startingValue(field, row);
  if (type === "textarea") {
    return html`<label>${label}<textarea ...${attributes} rows="4" spellcheck="true"></textarea></label>`;
  }
  if (type === "select") {
    return html`<label>${label}<select ...${attributes} size=${options.length > 5 ? options.length : undefined}>
      ${options.map(([code, text], at) => html`<option value=${code} selected=${value ? code === value : at === 0}>${text}</option>`)}
    </select></label>`;
  }
  const listId = `list-${name}`;
  return html`<label>${label}
    <input ...${attributes} type=${type === "datetime-local" ? type : "text"} defaultValue=${value} value=${value}
      list=${type === "datetime-local" ? undefined : listId} autocomplete="off" spellcheck="false" />
    ${type === "person" && html`<datalist id=${listId}>${knownPeople().map((person) => html`<option value=${person} />`)}</datalist>`}
    ${type === "other" && html`<datalist id=${listId}>
      ${[...get()[KINDS[kind].list].values()].filter((other) => keyOf(kind, other) !== keyOf(kind, row))
        .map((other) => html`<option value=${keyOf(kind, other)}>${titleOf(kind, other)}</option>`)}</datalist>`}
  </label>`;
}

function CommandDialog({ command, row }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await carryOut(command, row, Object.fromEntries(new FormData(form.current)));
      shut();
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  }

  const onKeyDown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current.requestSubmit();
  };
  return html`<${Dialog} title=${command.label} onKeyDown=${onKeyDown}>
    <p class="dialog-what">${titleOf(command.kind, row)}</p>
    <form ref=${form} onSubmit=${submit}>
      ${command.fields.map((field, index) => html`<${Field} key=${field.name} kind=${command.kind} field=${field} row=${row}
        index=${index} blamed=${problem?.field === `$.${field.name}`} />`)}
      ${problem && html`<p class="problem" role="alert"><strong>${problem.title}</strong> ${problem.detail}
        <code>${problem.code}</code></p>`}
      <div class="dialog-foot">
        <button type="button" onClick=${shut}>Back <kbd>Esc</kbd></button>
        <button class="primary" disabled=${busy}>${busy ? "Sending …" : command.label}
          ${command.fields.some(({ type }) => type === "textarea") && html` <kbd>Ctrl ↵</kbd>`}</button>
      </div>
    </form>
  <//>`;
}

function Menu({ kind, row }) {
  const commands = offered(kind, row);
  const choose = (command) => {
    shut();
    invoke(command, row);
  };
  const onKeyDown = (event) => {
    const command = commands.find(({ key }) => key === event.key);
    if (command) {
      event.preventDefault();
      choose(command);
    }
  };
  return html`<${Dialog} title="What to do" onKeyDown=${onKeyDown}>
    <p class="dialog-what">${titleOf(kind, row)}</p>
    <ul class="menu">${commands.map((command) => html`<li key=${command.name}>
      <button onClick=${() => choose(command)}><kbd>${command.key}</kbd> ${command.label}</button></li>`)}</ul>
  <//>`;
}

const Help = () => html`<${Dialog} title="Keys">
  <dl class="keys">${KEYS.map(([keys, what]) => html`<div key=${keys}><dt><kbd>${keys}</kbd></dt><dd>${what}</dd></div>`)}</dl>
  <div class="dialog-foot"><a href="/docs" target="_blank" rel="noopener">API documentation</a>
    <button class="primary" onClick=${shut}>Back to work</button></div>
<//>`;

export function Dialogs({ dialog }) {
  if (!dialog) return null;
  if (dialog.help) return html`<${Help} key="help" />`;
  if (dialog.menu) return html`<${Menu} key="menu" ...${dialog} />`;
  return html`<${CommandDialog} key=${dialog.command.name} ...${dialog} />`;
}
