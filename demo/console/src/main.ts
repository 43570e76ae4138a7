import { fetchPeople, fetchSetup } from "./api.js";
import { Conversations } from "./conversations/conversations.js";
import { DeadLettersView } from "./conversations/dead-letters.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { typeOf } from "./event-summary.js";
import { EventsView } from "./events-view.js";
import { followFeed } from "./feed.js";
import { renderPeople } from "./people-view.js";
import { wireShortcuts } from "./shortcuts.js";
import { Softphone } from "./softphone.js";
import { shareNumber } from "./shared-number.js";
import { SipPanel } from "./sip/sip-panel.js";
import { Tabs } from "./tabs.js";
import { WhatsApp } from "./whatsapp/whatsapp.js";
import type { Setup } from "./wire.js";

/** What changes within so long is asked of agent-core together. */
const PEOPLE_AFTER_MS = 400;

/** After these agent-core knows more of somebody. */
const changesPeople: ReadonlySet<string> = new Set([
  "call.opt_out",
  "call.stop",
  "intent.captured",
  "lead.updated",
  "message.opt_in",
  "message.opt_out",
  "message.received",
  "opt_out.registered",
]);

const conversation = new Conversation();
const phone = new Softphone(conversation);
const whatsApp = new WhatsApp();
const sip = new SipPanel();
const conversations = new Conversations();
const deadLetters = new DeadLettersView();
const events = new EventsView();
const link = byId("link", HTMLParagraphElement);
let peopleTimer: number | undefined;
let isSetUp = false;

function factsOf({ model, voice }: Setup): string {
  const answers =
    model === "openai" ? "OpenAI’s model answers" : "The offline model answers";
  const speaks =
    voice === "espeak" ? "" : "; without a synthesizer, voices hum";
  return `${answers}${speaks}`;
}

function refreshPeople(): void {
  if (peopleTimer !== undefined) return;
  peopleTimer = window.setTimeout(() => {
    peopleTimer = undefined;
    fetchPeople().then(renderPeople, () => undefined);
  }, PEOPLE_AFTER_MS);
}

/** What can be dialled; a demo that starts anew has the same. */
async function setUp(): Promise<void> {
  if (isSetUp) return;
  isSetUp = true;
  try {
    const setup = await fetchSetup();
    byId("facts", HTMLParagraphElement).textContent = factsOf(setup);
    phone.offer(setup.lines);
    whatsApp.offer(setup.businesses);
    sip.offer(setup.sipLines);
    events.topics(setup.topics);
  } catch {
    isSetUp = false;
  }
}

followFeed({
  entry: (entry) => {
    events.add(entry);
    conversation.apply(entry);
    conversations.add(entry);
    if (entry.topic === "broker.dlq") deadLetters.refreshSoon();
    if (changesPeople.has(typeOf(entry))) refreshPeople();
  },
  ringing: (ringing) => phone.ring(ringing),
  rung: (ringing) => phone.stopRinging(ringing),
  conversations: () => conversations.refreshSoon(),
  live: (live) => {
    link.dataset.live = String(live);
    link.textContent = live ? "Live" : "Reconnecting…";
    if (live) void setUp();
  },
});

const doors = new Tabs(byId("door-tabs", HTMLDivElement), (tab) => {
  whatsApp.show(tab === "tab-whatsapp");
  conversations.show(tab === "tab-conversations");
});
new Tabs(byId("person-tabs", HTMLDivElement), () => undefined);
new Tabs(byId("watch-tabs", HTMLDivElement), (tab) => {
  if (tab !== "tab-events") refreshPeople();
});
shareNumber(() => whatsApp.open());
wireShortcuts({ phone, whatsApp, events, doors });
refreshPeople();
deadLetters.refreshSoon();
