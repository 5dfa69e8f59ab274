// `npm start`: builds what is missing and serves the playground. `PORT` names another port.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyRuntime, HEADERS } from "./playground.mjs";
import { serveFolder } from "./static-server.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FIRST = 8000;

for (const command of [["scripts/bundle.mjs"], ["dist/bin/weft.js", "build"]]) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
copyRuntime();

async function listen() {
  const wanted = process.env.PORT;
  for (let port = Number(wanted ?? FIRST); ; port++) {
    try {
      return await serveFolder(join(root, "dist/playground"), HEADERS, port);
    } catch (error) {
      if (error.code !== "EADDRINUSE" || wanted !== undefined || port >= FIRST + 20) {
        console.error(`the playground cannot be served at port ${port}: ${error.message}`);
        process.exit(1);
      }
    }
  }
}
const server = await listen();
console.log(`The playground is at http://localhost:${server.address().port}/ (Control-C ends it).`);
