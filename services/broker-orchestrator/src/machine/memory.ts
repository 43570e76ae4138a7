import { limits } from "../conversation/limits.js";
import type { Draft } from "./draft.js";

/**
 * An event counts as taken. Of those that were, the oldest is forgotten when they are many, but none of which something is
 * still to be done.
 */
export function remembered(draft: Draft, digest: string): void {
  const { seen, outbox } = draft.state;
  if (seen.includes(digest)) return;
  if (seen.length < limits.seen) {
    draft.set({ seen: [...seen, digest] });
    return;
  }
  const open = new Set(outbox.map(({ of }) => of));
  const oldest = seen.findIndex((one) => !open.has(one));
  draft.set({ seen: [...seen.filter((_, at) => at !== oldest), digest] });
}
