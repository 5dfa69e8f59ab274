import { expect, test } from "vitest";
import { run } from "./harness.js";

const CODE = `
import datetime, time
print(*time.tzname, time.timezone, datetime.datetime(2024, 1, 15).astimezone().tzname(), time.strftime("%Z", time.localtime(1721001600)))`;

test.each([
  ["UTC", "UTC UTC 0 UTC UTC"],
  ["America/New_York", "UTC-0500 UTC-0400 18000 UTC-0500 UTC-0400"],
  ["Europe/London", "UTC UTC+0100 0 UTC UTC+0100"],
])("the host's time zone %s has a name", async (zone, names) => {
  // From the snapshot, and where Python is initialized anew.
  for (const options of [[], ["-X", "dev"]]) {
    expect(await run("weft-python", [...options, "-c", CODE], { env: { TZ: zone } })).toMatchObject({ status: 0, stdout: `${names}\n`, stderr: "" });
  }
});
