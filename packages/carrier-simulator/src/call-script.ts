import { CarrierProblem } from "./problem.js";
import type { Parameters } from "./webhooks.js";
import {
  type Callback,
  type Instruction,
  parseTwiml,
  type StreamSpec,
} from "./twiml.js";

type Dial = Extract<Instruction, { verb: "dial" }>;
type Say = Extract<Instruction, { verb: "say" }>;

/** A TwiML document and the address that its relative addresses are of. */
export interface Document {
  readonly xml: string;
  readonly address: string;
}

/** The line that a script runs on. What waits, ends early when aborted. */
export interface ScriptLine {
  /** The call is picked up, if it was not already. */
  answer(): void;
  /** Resolves with what is told to `action` when the stream is over. */
  connect(stream: StreamSpec, address: string): Promise<Parameters>;
  /** Resolves with what is told to `action` when the dialled call is over. */
  dial(dial: Dial): Promise<Parameters>;
  say(say: Say): Promise<void>;
  pause(lengthMs: number): Promise<void>;
  reject(reason: "rejected" | "busy"): void;
  end(reason: "twiml-hangup" | "twiml-end" | "application-error"): void;
  problem(problem: CarrierProblem): void;
  fetch(target: Callback, extra: Parameters): Promise<string>;
}

/** Where a document sends the call when it is over. */
interface Next {
  readonly target: Callback;
  readonly extra: Parameters;
}

/**
 * Runs TwiML, document after document, until the call ends or `signal` takes
 * the call elsewhere.
 */
export async function runScript(
  line: ScriptLine,
  first: () => Promise<Document>,
  signal: AbortSignal,
): Promise<void> {
  const lost = () => signal.aborted;
  try {
    let document = await first();
    while (!lost()) {
      const next = await runDocument(line, document, signal);
      if (lost()) return;
      if (next === undefined) {
        line.end("twiml-end");
        return;
      }
      const xml = await line.fetch(next.target, next.extra);
      document = { xml, address: next.target.url };
    }
  } catch (error) {
    if (lost()) return;
    if (!(error instanceof CarrierProblem)) throw error;
    line.problem(error);
    line.end("application-error");
  }
}

async function runDocument(
  line: ScriptLine,
  { xml, address }: Document,
  signal: AbortSignal,
): Promise<Next | undefined> {
  const instructions = xml.trim() === "" ? [] : parseTwiml(xml);
  const first = instructions[0];
  if (first?.verb === "reject") {
    line.reject(first.reason);
    return undefined;
  }
  line.answer();
  for (const instruction of instructions) {
    const next = await step(line, instruction, address);
    if (next !== undefined || signal.aborted) return next;
  }
  return undefined;
}

async function step(
  line: ScriptLine,
  instruction: Instruction,
  address: string,
): Promise<Next | undefined> {
  switch (instruction.verb) {
    case "connect": {
      const extra = await line.connect(instruction.stream, address);
      return nextOf(instruction.action, address, extra);
    }
    case "dial": {
      const extra = await line.dial(instruction);
      return nextOf(instruction.action, address, extra);
    }
    case "say":
      await line.say(instruction);
      return undefined;
    case "pause":
      await line.pause(instruction.lengthSeconds * 1000);
      return undefined;
    case "redirect":
      return nextOf(instruction.to, address, {});
    // <Reject> after another verb comes too late: the call was answered.
    case "reject":
    case "hangup":
      line.end("twiml-hangup");
      return undefined;
  }
}

function nextOf(
  target: Callback | undefined,
  address: string,
  extra: Parameters,
): Next | undefined {
  if (target === undefined) return undefined;
  return { target: absolute(target, address), extra };
}

/** A callback with its address resolved against its document's. */
export function absolute(target: Callback, address: string): Callback {
  return { ...target, url: new URL(target.url, address).toString() };
}
