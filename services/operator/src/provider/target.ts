import { channelAddressOf, type ChannelSpec } from "../api/index.js";
import { metaSettings } from "../providers/meta.js";
import type { NumberSettings } from "../providers/provider.js";
import { twilioSettings } from "../providers/twilio.js";

/** Where the world outside reaches this release. */
export interface PublicAddresses {
  /** `VOICE_PUBLIC_URL` */
  readonly voice: string | undefined;
  /** `WHATSAPP_PUBLIC_URL` */
  readonly whatsapp: string | undefined;
}

/** A number at a provider, and what it should be set to. */
export interface Target {
  readonly kind: "twilio" | "whatsapp";
  readonly address: string;
  readonly wanted: NumberSettings;
  /** Where calls or messages are sent to. */
  readonly webhookAddress: string;
}

/** What is to be set at which provider for a channel. */
export type TargetFound =
  | { readonly kind: "target"; readonly target: Target }
  | { readonly kind: "not_needed" }
  | { readonly kind: "no_public_url"; readonly setting: string };

/** Works out what a channel's number should be set to. Pure. */
export function targetOf(
  spec: ChannelSpec,
  urls: PublicAddresses,
): TargetFound {
  const found = channelAddressOf(spec);
  if (found === undefined || found.kind === "sip")
    return { kind: "not_needed" };
  const { kind, address } = found;
  if (kind === "twilio") {
    if (urls.voice === undefined)
      return { kind: "no_public_url", setting: "VOICE_PUBLIC_URL" };
    const voice = below(urls.voice, "/twilio/voice");
    const wanted = twilioSettings({
      voice,
      status: below(urls.voice, "/twilio/status"),
    });
    return {
      kind: "target",
      target: { kind, address, wanted, webhookAddress: voice },
    };
  }
  if (urls.whatsapp === undefined)
    return { kind: "no_public_url", setting: "WHATSAPP_PUBLIC_URL" };
  const webhookAddress = below(urls.whatsapp, "/webhook");
  const wanted = metaSettings(webhookAddress);
  return { kind: "target", target: { kind, address, wanted, webhookAddress } };
}

/** As the services work out their own public addresses, signatures being made over them. */
function below(publicUrl: string, path: string): string {
  return `${new URL(publicUrl).href.replace(/\/$/, "")}${path}`;
}
