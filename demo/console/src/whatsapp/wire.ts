/**
 * What the page and the demo's WhatsApp say to each other, as JSON over the
 * `/whatsapp` socket: one socket, one telephone, one chat.
 */
import type { Language } from "../wire.js";

/** A business that has WhatsApp: `id` is Meta's phone number id. */
export interface Business {
  readonly id: string;
  readonly tenant: string;
  readonly agent: string;
  readonly languages: readonly string[];
}

/** Whose telephone it is: someone with a number, a user id, or both. */
export interface Owner {
  readonly name: string;
  /** E.164. */
  readonly phone?: string | undefined;
  /** Meta's business-scoped id, all that some people show of themselves. */
  readonly userId?: string | undefined;
}

/** From the page to the telephone. */
export type ChatRequest =
  | { readonly type: "open"; readonly business: string; readonly owner: Owner }
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "voice";
      readonly text: string;
      readonly language: Language;
    }
  | {
      readonly type: "location";
      readonly latitude: number;
      readonly longitude: number;
      readonly name: string;
    }
  /** A button or a row of a message. */
  | {
      readonly type: "press";
      readonly messageId: string;
      readonly choiceId: string;
    }
  /** No emoji takes the reaction back. */
  | {
      readonly type: "react";
      readonly messageId: string;
      readonly emoji: string;
    }
  /** WhatsApp's own switch for offers and announcements. */
  | { readonly type: "offers"; readonly wanted: boolean }
  | { readonly type: "power"; readonly on: boolean }
  /** The chat is on the screen: what came has been read. */
  | { readonly type: "seen" };

/** How far a message is: not out yet, one tick, two, two in colour, a mark. */
export type Ticks = "waiting" | "sent" | "delivered" | "read" | "failed";

export interface Choice {
  readonly id: string;
  readonly title: string;
  readonly description?: string | undefined;
}

/** What a message shows. */
export type ChatContent =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "voice";
      readonly text: string;
      /** Where its sound is. */
      readonly audio: string;
    }
  | {
      readonly kind: "location";
      readonly latitude: number;
      readonly longitude: number;
      readonly name: string;
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly text: string;
      readonly choices: readonly Choice[];
    }
  /** Text with buttons. */
  | {
      readonly kind: "buttons";
      readonly text: string;
      readonly choices: readonly Choice[];
    }
  /** Text with a button that opens a list. */
  | {
      readonly kind: "list";
      readonly text: string;
      readonly label: string;
      readonly choices: readonly Choice[];
    }
  /** Text with a button that opens a page. */
  | {
      readonly kind: "link";
      readonly text: string;
      readonly label: string;
      readonly url: string;
    }
  | {
      readonly kind: "file";
      readonly type: string;
      readonly place: string;
      readonly caption: string;
    };

export interface ChatMessage {
  readonly id: string;
  readonly from: "owner" | "business";
  readonly atMs: number;
  readonly ticks: Ticks;
  readonly content: ChatContent;
  /** The message that it answers. */
  readonly replyTo?: string | undefined;
  readonly reaction?: string | undefined;
  /** The title of the button or row that was pressed. */
  readonly pressed?: string | undefined;
  /** Why it failed. */
  readonly failure?: string | undefined;
}

/** A request between Meta and the bot, as it went over the wire. */
export interface Exchange {
  readonly direction: "webhook" | "graph";
  readonly what: string;
  readonly atMs: number;
  readonly status: number;
  /** `X-Hub-Signature-256`, of a webhook. */
  readonly signature: string;
  readonly body: string;
}

/** From the telephone to the page. */
export type ChatNotice =
  | {
      readonly type: "chat";
      readonly messages: readonly ChatMessage[];
      readonly power: boolean;
      readonly offers: boolean;
    }
  /** New, or changed. */
  | { readonly type: "message"; readonly message: ChatMessage }
  | { readonly type: "typing" }
  | { readonly type: "exchange"; readonly exchange: Exchange }
  | { readonly type: "problem"; readonly message: string };
