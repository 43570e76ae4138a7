import { make } from "../dom.js";
import type { ChatContent, ChatMessage, Choice, Ticks } from "./wire.js";

/** What can be done with a message. */
export interface MessageActions {
  press(message: ChatMessage, choice: Choice): void;
  /** No emoji takes it back. */
  react(message: ChatMessage, emoji: string): void;
}

const LIKE = "👍";

const tickMarks: Readonly<Record<Ticks, readonly [string, string]>> = {
  waiting: ["◷", "On its way"],
  sent: ["✓", "Sent"],
  delivered: ["✓✓", "Delivered"],
  read: ["✓✓", "Read"],
  failed: ["!", "Failed"],
};

/** A message as it is shown. */
export function messageItem(
  message: ChatMessage,
  quoted: ChatMessage | undefined,
  actions: MessageActions,
): HTMLLIElement {
  const { content, reaction, failure } = message;
  const item = make("li", { class: message.from, "data-id": message.id });
  item.append(
    make(
      "span",
      { class: "speaker" },
      message.from === "owner" ? "You" : "Business",
    ),
  );
  if (quoted !== undefined)
    item.append(make("blockquote", {}, wordsOf(quoted.content)));
  item.append(...shown(content));
  if ("choices" in content) item.append(choicesOf(message, content, actions));
  if (failure !== undefined)
    item.append(make("p", { class: "failure" }, failure));
  item.append(footOf(message, actions));
  if (reaction !== undefined)
    item.append(
      make(
        "span",
        { class: "reaction", role: "img", "aria-label": `You: ${reaction}` },
        reaction,
      ),
    );
  return item;
}

/** The words of a message, for where it is quoted. */
function wordsOf(content: ChatContent): string {
  switch (content.kind) {
    case "location":
      return content.name === "" ? "Location" : content.name;
    case "voice":
      return "Voice note";
    case "file":
      return content.caption === "" ? content.type : content.caption;
    default:
      return content.text;
  }
}

function shown(content: ChatContent): HTMLElement[] {
  switch (content.kind) {
    case "voice":
      return [
        make("audio", { controls: "", src: content.audio, preload: "none" }),
        make("p", { class: "words quiet" }, content.text),
      ];
    case "location": {
      const { latitude, longitude, name } = content;
      const place = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
      return [make("p", { class: "words" }, `Location: ${name} (${place})`)];
    }
    case "file":
      return [
        make("p", { class: "file" }, `${content.type}: ${content.place}`),
        make("p", { class: "words" }, content.caption),
      ];
    case "template":
      return [
        make("p", { class: "words" }, content.text),
        make("p", { class: "quiet" }, `Template ${content.name}`),
      ];
    case "link":
      return [
        make("p", { class: "words" }, content.text),
        make(
          "a",
          { href: content.url, rel: "noreferrer", target: "_blank" },
          content.label,
        ),
      ];
    default:
      return [make("p", { class: "words" }, content.text)];
  }
}

function choicesOf(
  message: ChatMessage,
  content: Extract<ChatContent, { choices: readonly Choice[] }>,
  actions: MessageActions,
): HTMLElement {
  const list = make(
    "ul",
    { class: "choices" },
    ...content.choices.map((choice) => {
      const { title, description } = choice;
      const about = make("small", {}, description ?? "");
      const button = make("button", { type: "button" }, title, about);
      button.setAttribute("aria-pressed", String(message.pressed === title));
      button.addEventListener("click", () => actions.press(message, choice));
      return make("li", {}, button);
    }),
  );
  if (content.kind !== "list") return list;
  return make("details", {}, make("summary", {}, content.label), list);
}

function footOf(message: ChatMessage, actions: MessageActions): HTMLElement {
  const at = new Date(message.atMs);
  const time = at.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
  });
  const [mark, label] = tickMarks[message.ticks];
  const foot = make(
    "p",
    { class: "foot" },
    make("time", { datetime: at.toISOString() }, time),
    make(
      "span",
      {
        class: "ticks",
        "data-ticks": message.ticks,
        role: "img",
        "aria-label": label,
      },
      mark,
    ),
  );
  if (message.from === "business") {
    const liked = message.reaction === LIKE;
    const like = make(
      "button",
      {
        type: "button",
        class: "like",
        "aria-pressed": String(liked),
        "aria-label": "Like this message",
      },
      "Like",
    );
    like.addEventListener("click", () =>
      actions.react(message, liked ? "" : LIKE),
    );
    foot.prepend(like);
  }
  return foot;
}
