import { newSecret } from "../platform/secret.js";

/** The app at Meta that the demo is: what both sides know of each other. */
export interface MetaAccount {
  /** Signs webhooks. */
  readonly appSecret: string;
  readonly verifyToken: string;
  /** Bearer token of the Graph API. */
  readonly accessToken: string;
}

export function newMetaAccount(): MetaAccount {
  return {
    appSecret: newSecret(),
    verifyToken: newSecret(),
    accessToken: newSecret(),
  };
}
