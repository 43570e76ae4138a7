import type { NumberSettings } from "../providers/provider.js";
import type { EventReason } from "../api/index.js";
import type { EventToRecord } from "../runtime/index.js";
import type { ProviderMemory } from "./memory.js";
import type { Target } from "./target.js";

type Told = EventToRecord & { readonly reason: EventReason };

/** What is to be done about a number that a channel has. */
export interface ProgrammingStep {
  /** The settings that have to change; empty when it is as it should be. */
  readonly write: NumberSettings;
  /** What the Channel has to remember from now on, before anything is written; undefined when it does already. */
  readonly remember: ProviderMemory | undefined;
  /** What to tell once that is done. */
  readonly event: Told | undefined;
}

/** What is known of a number. */
export interface Programming {
  readonly target: Target;
  readonly observed: NumberSettings;
  /** What this Channel remembers of the number. */
  readonly own: ProviderMemory | undefined;
  /** What another Channel remembers of it, which has it no more. */
  readonly inherited: ProviderMemory | undefined;
  /** Whether it was seen to be as it should be, and what it should be has not changed since. */
  readonly wasProgrammed: boolean;
}

/** Compares a number with what it should be. Pure. */
export function decideProgramming({
  target: { kind, address, wanted },
  observed,
  own,
  inherited,
  wasProgrammed,
}: Programming): ProgrammingStep {
  const write = difference(wanted, observed);
  const isSet = Object.keys(write).length === 0;
  // A number that is as it should be, though nobody remembers having set it, was set to nothing before as far as is known.
  const before =
    (own ?? inherited)?.before ?? (isSet ? emptied(wanted) : observed);
  const isRemembered = own !== undefined && isEqual(own.ours, wanted);
  const changes = changesOf(write, observed);
  return {
    write,
    remember: isRemembered
      ? undefined
      : { kind, address, before, ours: wanted },
    event: isSet
      ? undefined
      : wasProgrammed
        ? {
            type: "Warning",
            reason: "PutRight",
            action: "Program",
            message: `${address} had been changed at its provider, and was put right: ${changes}.`,
          }
        : {
            type: "Normal",
            reason: "Programmed",
            action: "Program",
            message: `${address} was set at its provider: ${changes}.`,
          },
  };
}

/** What is to be done about a number that no channel has any more. */
export interface ReleaseStep {
  /** The settings to go back; empty when none is ours any more. */
  readonly write: NumberSettings;
  readonly event: Told;
}

/** What of a number is still as it was set here, and is to go back to what it was before. Pure. */
export function decideRelease(
  { kind, address, before, ours }: ProviderMemory,
  observed: NumberSettings,
): ReleaseStep {
  const goal = kind === "whatsapp" ? emptied(before) : before;
  const write = Object.fromEntries(
    Object.entries(goal).filter(
      ([field, value]) =>
        observed[field] === ours[field] && observed[field] !== value,
    ),
  );
  const isForeign = Object.keys(difference(ours, observed)).length > 0;
  if (Object.keys(write).length === 0)
    return {
      write,
      event: {
        type: "Normal",
        reason: "LeftAsIs",
        action: "TakeBack",
        message: `${address} is left as it is: ${isForeign ? `somebody has set ${changesOf(difference(observed, ours), ours)}` : "it was so before"}.`,
      },
    };
  const lost = Object.values(before).filter(
    (value) => kind === "whatsapp" && value !== "",
  );
  return {
    write,
    event: {
      type: "Normal",
      reason: "TakenBack",
      action: "TakeBack",
      message: `${address} is set back: ${changesOf(write, observed)}.${lost.length === 0 ? "" : ` It was ${lost.map(shown).join(", ")} before, which Meta takes only with that address's own verify token.`}`,
    },
  };
}

/** Whether two settings say the same. Pure. */
export function isEqual(one: NumberSettings, other: NumberSettings): boolean {
  return (
    Object.keys(difference(one, other)).length === 0 &&
    Object.keys(difference(other, one)).length === 0
  );
}

/** What of the first is otherwise in the second. */
function difference(
  one: NumberSettings,
  other: NumberSettings,
): NumberSettings {
  return Object.fromEntries(
    Object.entries(one).filter(([field, value]) => other[field] !== value),
  );
}

/** No addresses at all. A method is always one. */
function emptied(settings: NumberSettings): NumberSettings {
  return Object.fromEntries(
    Object.entries(settings).map(([field, value]) => [
      field,
      field.endsWith("Method") ? value : "",
    ]),
  );
}

/** `VoiceUrl from https://old to https://new, …` */
function changesOf(write: NumberSettings, old: NumberSettings): string {
  return Object.entries(write)
    .map(
      ([field, value]) =>
        `${field} from ${shown(old[field] ?? "")} to ${shown(value)}`,
    )
    .join(", ");
}

/** Addresses may carry a password or a key, which events must not show. */
function shown(value: string): string {
  if (value === "") return "nothing";
  return value
    .replace(/^([a-z][-+.a-z0-9]*:\/\/)[^/@]*@/i, "$1***@")
    .replace(/\?.*$/s, "?***");
}
