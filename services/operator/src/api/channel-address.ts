import type { ChannelKind } from "@easymo/routing";
import type { ChannelSpec } from "./channel.js";

/** Where a channel is reached, as its spec says it: not yet in the routing document's one spelling. */
export interface ChannelAddress {
  readonly kind: ChannelKind;
  readonly address: string;
}

/** The kind and address of a channel; undefined when the spec has none (the API server refuses such). Pure. */
export function channelAddressOf(
  spec: ChannelSpec,
): ChannelAddress | undefined {
  const { twilio, sip, whatsapp } = spec;
  if (twilio !== undefined) return { kind: "twilio", address: twilio.number };
  if (whatsapp !== undefined)
    return { kind: "whatsapp", address: whatsapp.phoneNumberId };
  const address =
    sip?.uri ?? (sip?.trunk === undefined ? undefined : `sip:${sip.trunk}`);
  return address === undefined ? undefined : { kind: "sip", address };
}
