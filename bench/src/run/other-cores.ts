import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { canPin } from "./child.js";

/** This process, and what it starts from now on, leaves the first core to what is measured. */
export function leaveFirstCore(): void {
  if (!canPin()) return;
  const others = `1-${availableParallelism() - 1}`;
  execFileSync("taskset", ["-pc", others, String(process.pid)], {
    stdio: "ignore",
  });
}
