// Run pytest on CPython as WebAssembly: node tests/wasm/run.mjs DIRECTORY [OPTIONS OF PYTEST]
// DIRECTORY has pyodide in node_modules/, and in site-packages/ what the package and its tests import.
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [directory, ...options] = process.argv.slice(2);
const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { loadPyodide } = createRequire(resolve(directory) + "/")("pyodide");

// Hypothesis draws the same for the same code where CI is set. Here it also keeps its failures out of the repository.
const env = { CI: "true", PYTHONDONTWRITEBYTECODE: "1" };
const python = await loadPyodide({ env });
for (const [path, source] of [["/smargs", root], ["/site-packages", resolve(directory, "site-packages")]]) {
  python.FS.mkdirTree(path);
  python.mountNodeFS(path, source);
}

python.globals.set("options", python.toPy(["-p", "no:cacheprovider", ...options]));
process.exitCode = python.runPython(`
import os, sys
print("Python", sys.version)
os.chdir("/smargs")
sys.path[:0] = ["/smargs", "/site-packages"]
import pytest
int(pytest.main(options))
`);
