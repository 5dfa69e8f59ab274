// Stands for a Python that runs the driver: behaves as the name of the test file says.
import { appendFileSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";

const request = JSON.parse(readFileSync(process.argv.at(-1), "utf8"));
const emit = (event, fields) => appendFileSync(request.report, `${JSON.stringify({ event, ...fields })}\n`);
const end = (state) => emit("end", { state, seconds: 0.1 });
const test = (id, outcome, detail) => {
  emit("start", { id });
  emit("outcome", { id, outcome, detail });
  emit("stop", { id, seconds: 0.05 });
};

const behaviours = {
  test_good() {
    test("test.test_good.A.test_one", "passed");
    test("test.test_good.A.test_two", "skipped", "requires fork support");
    end("PASSED");
  },
  test_bad() {
    test("test.test_bad.A.test_one", "passed");
    test("test.test_bad.A.test_two", "failed", "Traceback\nValueError: 3\n\nStdout:\nnoise\n");
    end("FAILED");
  },
  test_hang() {
    emit("start", { id: "test.test_hang.A.test_wait" });
    process.stdout.write("about to wait\n");
    setInterval(() => {}, 1000);
  },
  test_hang_child() {
    // A process of its own keeps the output open: killing only the leader would wait for it.
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
    setInterval(() => {}, 1000);
  },
  test_crash() {
    emit("start", { id: "test.test_crash.A.test_abort" });
    process.kill(process.pid, "SIGKILL");
  },
  test_torn() {
    test("test.test_torn.A.test_one", "passed");
    appendFileSync(request.report, '{"event": "sta');
    process.exit(3);
  },
  test_exit_late() {
    test("test.test_exit_late.A.test_one", "passed");
    end("PASSED");
    process.exitCode = 9;
  },
  test_flood() {
    const block = "x".repeat(1 << 20);
    for (let i = 0; i < 24; i++) {
      process.stdout.write(block);
    }
    process.stdout.write("the end\n");
    end("FAILED");
  },
  test_skipped() {
    emit("file-skipped", { reason: "No module named '_tkinter'" });
    end("SKIPPED");
  },
  test_empty() {
    end("DID_NOT_RUN");
  },
  test_broken() {
    emit("file-error", { detail: "Traceback\nImportError: no such thing" });
    end("UNCAUGHT_EXC");
  },
  test_ignoring() {
    for (const id of request.ignore) {
      emit("excluded", { id });
    }
    test("test.test_ignoring.A.test_one", "passed");
    end("PASSED");
  },
};

if (request.name === null) {
  emit("names", { names: Object.keys(behaviours) });
} else {
  behaviours[request.name]();
}
