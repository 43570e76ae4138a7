import type { ToolOutcome } from "../call/tool-calls.js";

export function output(value: object): ToolOutcome {
  return { kind: "output", output: JSON.stringify(value) };
}

export function failure(code: string, detail: string): ToolOutcome {
  return output({ error: code, detail });
}

export function withheld(): ToolOutcome {
  return failure("number_withheld", "The caller's number is not known.");
}
