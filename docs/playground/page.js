// The page of the playground: sends the form to the worker that runs Python, and shows its answer.
const form = document.getElementById("playground-form");
const button = form.querySelector("button");
const progress = form.querySelector(".playground-progress");
const answer = document.getElementById("playground-answer");
let worker = null;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// On a narrow screen, the cells of a row stand below each other. The roles keep it a table for screen readers.
function table(columns, rows) {
  const cells = rows.map((row) =>
    element("tr", { role: "row" }, ...row.map((text, index) => cell(columns[index], text, index === 0))),
  );
  const head = columns.map((column) => element("th", { role: "columnheader", scope: "col" }, column));
  return element(
    "table",
    { role: "table" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    element("tbody", { role: "rowgroup" }, ...cells),
  );
}

function cell(column, text, isName) {
  const role = isName ? { role: "rowheader", scope: "row" } : { role: "cell" };
  return element(isName ? "th" : "td", { ...role, "data-column": column }, ...(text ? [element("code", {}, text)] : []));
}

function show({ columns, rows, help, warnings, error }) {
  const overrides = rows.some((row) => row[row.length - 1]);
  const width = overrides ? columns.length : columns.length - 1;
  answer.replaceChildren(
    ...(error ? [element("p", { class: "playground-error" }, error)] : []),
    ...warnings.map((text) => element("p", { class: "playground-warning" }, `warning: ${text}`)),
    ...(rows.length ? [table(columns.slice(0, width), rows.map((row) => row.slice(0, width)))] : []),
    ...(help ? [element("h2", {}, "The help"), element("pre", { tabindex: "0", "aria-label": "the help" }, help)] : []),
  );
}

function fail(text) {
  stop();
  answer.replaceChildren(element("p", { class: "playground-error" }, text));
}

function wait(isRunning) {
  button.textContent = isRunning ? "Stop" : "Run";
  form.classList.toggle("is-running", isRunning);
  progress.hidden = true;
}

function stop() {
  worker?.terminate();
  worker = null;
  wait(false);
}

function showProgress(part) {
  const bar = progress.querySelector("progress");
  progress.hidden = false;
  bar.value = part;
  progress.querySelector("label").textContent = part < 1 ? `Loading Python: ${Math.floor(100 * part)} %` : "Starting Python";
}

function startWorker() {
  const started = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  showProgress(0);
  started.onmessage = ({ data }) => {
    if (data.progress !== undefined) return showProgress(data.progress);
    if (data.isStarted) return (progress.hidden = true);
    if (data.failure) return fail(`Python failed: ${data.failure}`);
    wait(false);
    return show(data.answer);
  };
  started.onerror = () => fail("Python cannot be loaded: this copy of the site has no Pyodide, or is not opened by way of a web server");
  return started;
}

function run() {
  const request = Object.fromEntries(new FormData(form));
  wait(true);
  answer.replaceChildren();
  history.replaceState(null, "", `#${new URLSearchParams(request)}`);
  worker ??= startWorker();
  worker.postMessage(request);
}

// The fragment of an address from a link, or of an earlier run.
function open() {
  const request = new URLSearchParams(location.hash.slice(1));
  if (!request.has("arguments")) return;
  for (const field of form.elements) if (field.name) field.value = request.get(field.name) ?? field.value;
  form.elements.platform.value ||= "toolkit";
  run();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.classList.contains("is-running")) stop();
  else run();
});
addEventListener("hashchange", open);
open();
