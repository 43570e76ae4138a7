import { z } from "zod";
import { text } from "./cel.js";

/** The name of an Agent, as the routing document takes it. */
export const agentName = text({
  maxCharacters: 63,
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  message:
    "must be the name of an Agent: lower-case letters, digits, dots or hyphens, beginning and ending with a letter or digit",
});

/** The name of a queue that calls are put through to. */
export const queueName = text({
  maxCharacters: 63,
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  message:
    "must be lower-case letters, digits, dots or hyphens, beginning and ending with a letter or digit",
});

/** The name of a Secret or ConfigMap. */
export const objectName = text({
  maxCharacters: 253,
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  message:
    "must be the name of an object in this namespace: lower-case letters, digits, dots or hyphens",
});

/** A number in E.164. */
export const phoneNumber = text({
  maxCharacters: 64,
  pattern: "^\\+[1-9][0-9]{6,14}$",
  message: "must be a phone number in E.164, for example +250780000001",
});

/** Words that someone says or reads: not only blanks. */
export function words(maxCharacters: number) {
  return text({
    maxCharacters,
    pattern: "\\S",
    message: "must have words in it, not only blanks",
  });
}

/** A moment, as Kubernetes writes it. */
export const timestamp = z.iso.datetime({ offset: true });
