/** As much of an event as the peers look at. */
export interface PersonEvent {
  readonly from: string;
  readonly at: string;
  readonly text?: string;
  readonly role?: string;
}

interface Line {
  readonly role: string;
  readonly text: string;
  readonly at: string;
}

/** As much of a conversation as the peers keep. */
interface KeptConversation {
  readonly turns: number;
  readonly lastAt: string;
  readonly lines: readonly Line[];
}

const MAX_LINES = 24;
export const KEPT_MS = 90 * 24 * 3_600_000;
export const keyOfPerson = (phone: string): string => `peer:${phone}`;

export function isPersonEvent(data: unknown): data is PersonEvent {
  return (
    typeof data === "object" &&
    data !== null &&
    "from" in data &&
    typeof data.from === "string" &&
    "at" in data &&
    typeof data.at === "string"
  );
}

function isKept(value: unknown): value is KeptConversation {
  return typeof value === "object" && value !== null && "lines" in value;
}

/** What was kept, with the event in it. Pure. */
export function nextConversation(
  before: string | null,
  { at, role, text }: PersonEvent,
): string {
  const known: unknown = before === null ? undefined : JSON.parse(before);
  const { turns, lines } = isKept(known) ? known : { turns: 0, lines: [] };
  const next: KeptConversation = {
    turns: turns + 1,
    lastAt: at,
    lines:
      text === undefined
        ? lines
        : [...lines, { role: role ?? "user", text, at }].slice(-MAX_LINES),
  };
  return JSON.stringify(next);
}
