import type { Voice } from "@easymo/telephone-audio";
import type {
  ChatRequest,
  Choice,
  Owner,
} from "../../console/src/whatsapp/wire.js";
import type { Chat, Handset } from "./chat.js";
import type { MediaStore } from "./media.js";
import type { WhatsAppNetwork } from "./network.js";
import { waveFile } from "./wave-file.js";

type Press = Extract<ChatRequest, { type: "press" }>;
type React = Extract<ChatRequest, { type: "react" }>;
type Speak = Extract<ChatRequest, { type: "voice" }>;

export interface TelephoneOptions {
  readonly network: WhatsAppNetwork;
  readonly media: MediaStore;
  readonly voice: Voice;
  readonly businesses: ReadonlySet<string>;
  readonly handset: Handset;
}

/** One telephone with WhatsApp, on which one chat is open. */
export class WhatsAppTelephone {
  readonly #options: TelephoneOptions;
  #chat: Chat | undefined;

  constructor(options: TelephoneOptions) {
    this.#options = options;
  }

  /** Does what the page asks. */
  handle(request: ChatRequest): void {
    if (request.type === "open") {
      this.#open(request.business, request.owner);
      return;
    }
    const chat = this.#chat;
    if (chat === undefined) this.#problem("No chat is open.");
    else this.#inChat(chat, request);
  }

  /** The page has gone. */
  abandon(): void {
    this.#chat?.close(this.#options.handset);
  }

  #open(business: string, owner: Owner): void {
    const { network, businesses, handset } = this.#options;
    if (!businesses.has(business)) {
      this.#problem("No business has this phone number id.");
      return;
    }
    this.#chat?.close(handset);
    const chat = network.chatOf(business, owner);
    chat.owner = owner;
    this.#chat = chat;
    chat.open(handset);
    network.reached(chat);
  }

  #inChat(chat: Chat, request: Exclude<ChatRequest, { type: "open" }>): void {
    const { network } = this.#options;
    if (request.type === "power") {
      chat.power = request.on;
      network.reached(chat);
      return;
    }
    if (!chat.power) {
      this.#problem("The telephone is off.");
      return;
    }
    switch (request.type) {
      case "text": {
        const { text } = request;
        const meta = { type: "text", text: { body: text } };
        network.send(chat, meta, { content: { kind: "text", text } });
        break;
      }
      case "location": {
        const { latitude, longitude, name } = request;
        const named = name === "" ? {} : { name };
        network.send(
          chat,
          { type: "location", location: { latitude, longitude, ...named } },
          { content: { kind: "location", latitude, longitude, name } },
        );
        break;
      }
      case "voice":
        void this.#speak(chat, request);
        break;
      case "press":
        this.#press(chat, request);
        break;
      case "react":
        this.#react(chat, request);
        break;
      case "offers":
        network.setOffers(chat, request.wanted);
        break;
      case "seen":
        network.seen(chat);
        break;
    }
  }

  /** A voice note: what was typed, as sound. */
  async #speak(chat: Chat, { text, language }: Speak): Promise<void> {
    const { network, media, voice } = this.#options;
    try {
      const sound = waveFile(await voice.speak(text, language));
      const mimeType = "audio/wav";
      const id = media.keep(mimeType, sound);
      network.send(
        chat,
        {
          type: "audio",
          audio: {
            id,
            mime_type: mimeType,
            sha256: media.find(id)?.sha256,
            voice: true,
          },
        },
        {
          content: { kind: "voice", text, audio: `api/whatsapp/media/${id}` },
        },
      );
    } catch {
      this.#problem("The voice could not be made.");
    }
  }

  #press(chat: Chat, { messageId, choiceId }: Press): void {
    const { network } = this.#options;
    const content = chat.find(messageId)?.content;
    if (content === undefined || !("choices" in content)) return;
    const choice = content.choices.find(({ id }) => id === choiceId);
    if (choice === undefined) return;
    const shown = {
      content: { kind: "text", text: choice.title },
      replyTo: messageId,
    } as const;
    chat.change(messageId, { pressed: choice.title });
    network.send(chat, replyOf(content.kind, choice), shown);
  }

  #react(chat: Chat, { messageId, emoji }: React): void {
    if (chat.find(messageId)?.from !== "business") return;
    chat.change(messageId, {
      reaction: emoji === "" ? undefined : emoji,
    });
    const reaction = {
      message_id: messageId,
      ...(emoji === "" ? {} : { emoji }),
    };
    this.#options.network.send(chat, { type: "reaction", reaction });
  }

  #problem(message: string): void {
    this.#options.handset.notify({ type: "problem", message });
  }
}

/** How Meta tells what was pressed. Pure. */
function replyOf(
  kind: "template" | "buttons" | "list",
  { id, title, description }: Choice,
): Readonly<Record<string, unknown>> {
  switch (kind) {
    case "template":
      return { type: "button", button: { payload: id, text: title } };
    case "buttons":
      return {
        type: "interactive",
        interactive: { type: "button_reply", button_reply: { id, title } },
      };
    case "list":
      return {
        type: "interactive",
        interactive: {
          type: "list_reply",
          list_reply: {
            id,
            title,
            ...(description === undefined ? {} : { description }),
          },
        },
      };
  }
}
