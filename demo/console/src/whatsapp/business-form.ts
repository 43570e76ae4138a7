import { sendAsBusiness } from "../api.js";
import { byId } from "../dom.js";
import type { OwnerForm } from "./owner-form.js";

/** What a business says of itself, as any application would have it sent. */
export function wireBusinessForm(owner: OwnerForm): void {
  const kind = byId("business-kind", HTMLSelectElement);
  const text = byId("business-text", HTMLTextAreaElement);
  const answer = byId("business-answer", HTMLParagraphElement);
  byId("business-message", HTMLFormElement).addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      const { business, address } = owner;
      if (business === undefined) return;
      const order = {
        business: business.id,
        to: address,
        kind: kind.value,
        text: text.value.trim(),
      };
      sendAsBusiness(order).then(
        (status) => {
          answer.textContent =
            status === 202
              ? "On whatsapp.outbound."
              : `${status}: it was not taken.`;
        },
        () => {
          answer.textContent = "The demo did not answer.";
        },
      );
    },
  );
}
