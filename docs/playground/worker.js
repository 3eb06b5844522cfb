// Runs Python, away from the page: code of the reader that never ends does not stop the page.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const here = new URL(".", import.meta.url);

// Pyodide fetches its files itself, so the bytes are counted in fetch.
async function countFetchedBytes() {
  const sizes = Object.values(await (await fetch(new URL("sizes.json", here))).json());
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let loaded = 0;
  const fetchFile = self.fetch;
  self.fetch = async (...request) => {
    const response = await fetchFile(...request);
    const counter = new TransformStream({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        postMessage({ progress: Math.min(loaded / total, 1) });
        controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return response.ok ? new Response(response.body.pipeThrough(counter), { status, statusText, headers }) : response;
  };
}

async function start() {
  await countFetchedBytes();
  const [python, packages] = await Promise.all([
    loadPyodide({ env: { COLUMNS: "80" } }),
    fetch(new URL("packages.zip", here)).then((response) => response.arrayBuffer()),
  ]);
  python.unpackArchive(packages, "zip", { extractDir: "/packages" });
  python.runPython("import sys; sys.path.insert(0, '/packages')");
  const [{ answer }, { dumps }] = [python.pyimport("playground"), python.pyimport("json")];
  return (request) => JSON.parse(dumps(answer(python.toPy(request), "/opt/ml")));
}

let started;
onmessage = async ({ data }) => {
  try {
    started ??= start();
    const answer = await started;
    postMessage({ isStarted: true });
    postMessage({ answer: answer(data) });
  } catch (error) {
    postMessage({ failure: String(error) });
  }
};
