import {
  programmedReasons,
  type Channel,
  type Condition,
  type ProgrammedReason,
} from "../api/index.js";
import type { ProviderError } from "../providers/provider.js";
import {
  statusToWrite,
  type FoundCondition,
  type StatusToWrite,
} from "../runtime/index.js";
import { memoryOf } from "./memory.js";
import type { Target } from "./target.js";

/** What is known of a channel's settings at its provider, and why, in a sentence for people. */
export interface ProgrammingVerdict {
  readonly status: Condition["status"];
  readonly reason: ProgrammedReason;
  readonly message: string;
}

/** The condition of that type, if it is about the spec as it is now. Pure. */
export function currentCondition(
  { metadata, status }: Channel,
  type: string,
): Condition | undefined {
  const found = status?.conditions?.find((one) => one.type === type);
  return found?.observedGeneration === metadata.generation ? found : undefined;
}

/** What the Channel says of its number, if that is about the spec as it is now. Pure. */
export function programmingVerdictOf(
  channel: Channel,
): ProgrammingVerdict | undefined {
  const found = currentCondition(channel, "Programmed");
  const reason = programmedReasons.find((one) => one === found?.reason);
  return found === undefined || reason === undefined
    ? undefined
    : { status: found.status, reason, message: found.message };
}

/** Whether the number was seen to be set as it should be still; if nothing has come in between, it is so. Pure. */
export function wasProgrammed({ status }: Channel, target: Target): boolean {
  const found = status?.conditions?.find(({ type }) => type === "Programmed");
  return (
    status?.webhookAddress === target.webhookAddress &&
    status.programmedAddress === target.address &&
    (found?.status === "True" || found?.status === "Unknown")
  );
}

/** What holds when the provider, or what leads to it, failed. Pure. */
export function verdictOfFailure(
  { reason, message }: Pick<ProviderError, "reason" | "message">,
  isProgrammed: boolean,
): ProgrammingVerdict {
  if (reason === "ProviderUnreachable" && isProgrammed)
    return {
      status: "Unknown",
      reason,
      message: `${message} What was set there should still hold.`,
    };
  return { status: "False", reason, message };
}

/** What holds when the number is set as it should be. Pure. */
export function verdictOfSuccess({
  kind,
  address,
  webhookAddress,
}: Target): ProgrammingVerdict {
  const what =
    kind === "twilio"
      ? `Twilio sends calls to ${address}`
      : `Meta sends what is written to ${address}`;
  return {
    status: "True",
    reason: "Programmed",
    message: `${what} on to ${webhookAddress}.`,
  };
}

/** The part of a Channel's status that is about its provider, and whether people are answered there. Pure. */
export function programmingStatusOf(
  channel: Channel,
  verdict: ProgrammingVerdict,
  target: Target | undefined,
  nowMs: number,
): StatusToWrite {
  const observedGeneration = channel.metadata.generation;
  const isSet = verdict.status === "True" && target !== undefined;
  const kept = memoryOf(channel) === undefined ? undefined : channel.status;
  const found: FoundCondition[] = [
    { type: "Programmed", ...verdict, observedGeneration },
    { type: "Ready", ...readyOf(channel, verdict), observedGeneration },
  ];
  const fields = {
    webhookAddress: isSet ? target.webhookAddress : kept?.webhookAddress,
    programmedAddress: isSet ? target.address : kept?.programmedAddress,
  };
  return statusToWrite(channel, found, fields, nowMs);
}

/** People are answered when the services know the address and the provider sends it here; else the first that is not so says why. */
function readyOf(
  channel: Channel,
  verdict: ProgrammingVerdict,
): Pick<FoundCondition, "status" | "reason" | "message"> {
  const accepted = currentCondition(channel, "Accepted");
  if (accepted !== undefined && accepted.status !== "True") {
    const { status, reason, message } = accepted;
    return { status, reason, message };
  }
  if (verdict.status !== "True") return verdict;
  return {
    status: "True",
    reason: "Ready",
    message: `People on ${channel.status?.address ?? "this channel"} are answered by the Agent ${channel.spec.agentRef.name}.`,
  };
}

/** Of a channel that has no provider. */
export const notNeeded: ProgrammingVerdict = {
  status: "True",
  reason: "NotNeeded",
  message: "Nothing has to be set at a provider for SIP.",
};

/** While it is not known where the release is reached. Pure. */
export function noPublicUrl(setting: string): ProgrammingVerdict {
  return {
    status: "False",
    reason: "PublicUrlMissing",
    message: `The operator does not know where this release is reached: ${setting} is not set.`,
  };
}

/** While the services do not answer there: nothing is touched, neither set nor taken back. Pure. */
export function leftAlone(
  channel: Channel,
  acceptedReason: string,
): ProgrammingVerdict {
  const what =
    memoryOf(channel) === undefined
      ? "Nothing is set at the provider"
      : "What was set at the provider stays";
  return acceptedReason === "Suspended"
    ? {
        status: "False",
        reason: "Suspended",
        message: `${what} while the Channel is suspended.`,
      }
    : {
        status: "False",
        reason: "NotAccepted",
        message: `${what} until the Channel is accepted.`,
      };
}
