import { byId } from "./dom.js";
import type { EventsView } from "./events-view.js";
import type { Softphone } from "./softphone.js";
import type { Tabs } from "./tabs.js";
import type { WhatsApp } from "./whatsapp/whatsapp.js";

/** What keys act on. */
export interface ShortcutTargets {
  readonly phone: Softphone;
  readonly whatsApp: WhatsApp;
  readonly events: EventsView;
  readonly doors: Tabs;
}

/** Single keys, outside of fields, as the dialog lists them. */
export function wireShortcuts(targets: ShortcutTargets): void {
  const { phone, whatsApp, events, doors } = targets;
  const help = byId("help", HTMLDialogElement);
  const enabled = byId("keys-on", HTMLInputElement);
  const openHelp = byId("open-help", HTMLButtonElement);
  openHelp.addEventListener("click", () => help.showModal());

  const actions: Readonly<Record<string, () => void>> = {
    t: () => doors.show("tab-telephone"),
    w: () => doors.show("tab-whatsapp"),
    p: () => doors.show("tab-sip"),
    o: () => doors.show("tab-conversations"),
    c: () => {
      doors.show("tab-telephone");
      phone.call();
    },
    a: () => {
      doors.show("tab-telephone");
      phone.answer();
    },
    h: () => phone.hangUp(),
    i: () => phone.interrupt(),
    m: () => void phone.toggleMicrophone(),
    s: () => phone.toggleMute(),
    "/": () =>
      doors.shown === "tab-whatsapp" ? whatsApp.write() : phone.speak(),
    "?": () => help.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.key === "Escape") {
      leave(events);
      return;
    }
    if (!enabled.checked || isField(event.target)) return;
    const action = actions[event.key.toLowerCase()];
    if (action !== undefined) action();
    else if (/^[0-9*#]$/.test(event.key)) phone.press(event.key);
    else return;
    event.preventDefault();
  });
}

function leave(events: EventsView): void {
  if (isField(document.activeElement)) {
    if (document.activeElement instanceof HTMLElement) {
      document.activeElement.blur();
    }
    return;
  }
  events.closeDetail();
}

/** Where keys mean letters. */
function isField(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) {
    return target.type !== "radio" && target.type !== "checkbox";
  }
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}
