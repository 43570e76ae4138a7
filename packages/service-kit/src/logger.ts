import pino from "pino";
import type { LogLevel } from "./config.js";
import { requestContext } from "./context.js";
import { maskText, redact } from "./redaction.js";

export type Logger = pino.Logger;

/** Where log lines go: pino's own destinations, or anything that takes a string. */
export type LogDestination = pino.DestinationStream;

/**
 * A logger of JSON lines, on standard output unless told otherwise.
 *
 * Every line, whatever it was made from (bindings of children, serialised
 * errors, arguments of messages), passes one last function that masks telephone
 * numbers and credentials in any string and blanks the values of keys that hold
 * names, texts, transcripts or secrets (see `redaction.ts`). Inside a request,
 * `requestId` and `tenantId` are on each line.
 */
export function createLogger(options: {
  name: string;
  level: LogLevel;
  destination?: LogDestination;
}): Logger {
  const { name, level } = options;
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const context = requestContext();
        return context === undefined
          ? {}
          : { requestId: context.requestId, tenantId: context.tenantId };
      },
      hooks: { streamWrite: (line) => redactLine(line, name) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** Only the service's own name may stand under `name` at the top of a line. */
function redactLine(line: string, name: string): string {
  try {
    const parsed: unknown = JSON.parse(line);
    const redacted = redact(parsed);
    if (typeof redacted === "object" && redacted !== null) {
      return `${JSON.stringify({ ...redacted, name })}\n`;
    }
  } catch {
    // Not JSON: masked as text below.
  }
  return maskText(line);
}
