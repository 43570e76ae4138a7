import { byId } from "./dom.js";

/** Where the person at the page says which number is theirs. */
const ids = ["from", "owner-phone", "sip-from"];

/** Somebody has one number on every channel: told once, it is told everywhere. */
export function shareNumber(onChange: () => void): void {
  const inputs = ids.map((id) => byId(id, HTMLInputElement));
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const { value } = input;
      // Without a number they are known by a user id, on WhatsApp alone.
      if (value.trim() !== "") for (const other of inputs) other.value = value;
      onChange();
    });
  }
}
