import type { Draft } from "../draft.js";
import type { OutcomeOf } from "../outcome-row.js";

/** The person's other names lead to the same conversation; everybody hears of a lead that is new. */
export function learn(draft: Draft, outcome: OutcomeOf<"lead">): void {
  const { lead } = outcome;
  if (lead === undefined) return;
  const { names, leadId } = draft.state;
  // A lead of another number is not this person's.
  const isSame =
    names.phone === undefined ||
    lead.phone === undefined ||
    names.phone === lead.phone;
  const isNew = leadId !== lead.leadId;
  const [sipId, userId] = lead.userId?.startsWith("sip")
    ? [lead.userId.toLowerCase(), undefined]
    : [undefined, lead.userId];
  draft.set({
    leadId: lead.leadId,
    ...(isSame
      ? {
          names: {
            ...names,
            ...(names.phone === undefined && lead.phone !== undefined
              ? { phone: lead.phone }
              : {}),
            ...(names.userId === undefined && userId !== undefined
              ? { userId }
              : {}),
            ...(names.sip === undefined && sipId !== undefined
              ? { sip: sipId }
              : {}),
          },
        }
      : {}),
    ...(lead.name === undefined ? {} : { name: lead.name }),
    ...(draft.state.language === undefined && lead.language !== undefined
      ? { language: lead.language }
      : {}),
    ...(lead.optIn === undefined ? {} : { optIn: lead.optIn }),
  });
  if (!isNew) return;
  const { phone: _phone, userId: _userId, optIn: _optIn, ...told } = lead;
  const at = new Date(draft.situation.nowMs).toISOString();
  draft.emit(
    { kind: "publish", what: { type: "lead.updated", ...told, at } },
    "lead.updated",
  );
}
