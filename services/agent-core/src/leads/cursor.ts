import { z } from "zod";

/** A place in the list of leads: just after this one. */
export interface LeadCursor {
  readonly createdAtMs: number;
  readonly leadId: string;
}

const cursorContent = z.tuple([
  z.int().min(0).max(8_640_000_000_000_000),
  z.uuid(),
]);

/** The place as clients pass it around; they need not understand it. Pure. */
export function encodeCursor(cursor: LeadCursor): string {
  return Buffer.from(
    JSON.stringify([cursor.createdAtMs, cursor.leadId]),
  ).toString("base64url");
}

/** The place that a client passed; undefined when we did not make it. Pure. */
export function decodeCursor(text: string): LeadCursor | undefined {
  try {
    const json: unknown = JSON.parse(
      Buffer.from(text, "base64url").toString("utf8"),
    );
    const [createdAtMs, leadId] = cursorContent.parse(json);
    return { createdAtMs, leadId };
  } catch {
    return undefined;
  }
}
