import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** SIPp, the SIP community's test phone: a scenario is steps that it sends and expects, in their order. */
export type Step = string;

export const CALLER_URI = "sip:+250788400001@carrier.example";
export const CALLED_URI = "sip:desk@kigali.example";

const BODILESS = "Content-Length: 0";
const VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]";
const CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port]>";
const CALLED_TAG = "[pid]called[call_number]";

/** Waits for an answer; anything else fails the scenario. */
export function answer(status: number): Step {
  // rrs: from here on, requests go along the route that the answer tells.
  return `<recv response="${status}" rrs="true"/>`;
}

/** An answer that may come before the one that is waited for. */
export function maybe(status: number): Step {
  return `<recv response="${status}" optional="true" rrs="true"/>`;
}

export function request(method: string): Step {
  return `<recv request="${method}" rrs="true"/>`;
}

export function wait(ms: number): Step {
  return `<pause milliseconds="${ms}"/>`;
}

function message(lines: readonly string[], body = "", attributes = ""): Step {
  const text = [
    ...lines,
    ...(body === "" ? [BODILESS, "", ""] : ["Content-Length: [len]", "", body]),
  ].join("\n");
  return `<send${attributes}><![CDATA[\n${text}\n]]></send>`;
}

const RETRANSMITTED = ' retrans="500"';

/** What a caller sends. */
export class Caller {
  readonly #from: string;
  readonly #to = `To: <${CALLED_URI}>`;

  constructor(from = `<${CALLER_URI}>`) {
    this.#from = `From: ${from};tag=[pid]caller[call_number]`;
  }

  invite(cseq = 1): Step {
    return message(
      [
        `INVITE ${CALLED_URI} SIP/2.0`,
        ...[VIA, this.#from, this.#to, "Call-ID: [call_id]"],
        ...[`CSeq: ${cseq} INVITE`, CONTACT, "Max-Forwards: 70"],
      ],
      "",
      RETRANSMITTED,
    );
  }

  /** Of an answer that was no 2xx: it goes the way of the INVITE. */
  ackRefusal(cseq = 1): Step {
    return message([
      `ACK ${CALLED_URI} SIP/2.0`,
      ...["[last_Via:]", this.#from, `${this.#to}[peer_tag_param]`],
      ...["Call-ID: [call_id]", `CSeq: ${cseq} ACK`, "Max-Forwards: 70"],
    ]);
  }

  cancel(): Step {
    return message(
      [
        `CANCEL ${CALLED_URI} SIP/2.0`,
        ...["[last_Via:]", this.#from, this.#to, "Call-ID: [call_id]"],
        ...["CSeq: 1 CANCEL", "Max-Forwards: 70"],
      ],
      "",
      RETRANSMITTED,
    );
  }

  /** Within the call; to the one who answered last, or to the one with a tag. */
  send(
    method: string,
    cseq: number,
    content: { type?: string; body?: string; toTag?: string } = {},
  ): Step {
    const { type = "", body = "", toTag } = content;
    const tag = toTag === undefined ? "[peer_tag_param]" : `;tag=${toTag}`;
    return message(
      [
        `${method} [next_url] SIP/2.0`,
        ...[VIA, this.#from, this.#to + tag],
        ...["Call-ID: [call_id]", `CSeq: ${cseq} ${method}`, "[routes]"],
        ...["Max-Forwards: 70"],
        ...(type === "" ? [] : [`Content-Type: ${type}`]),
      ],
      body,
      method === "ACK" ? "" : RETRANSMITTED,
    );
  }
}

/** What the one who is called answers, and sends. */
export const callee = {
  /** As `request("INVITE")`; remembers who called, for requests of its own. */
  invited: `<recv request="INVITE" rrs="true"><action>
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>
    <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
    <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
    <ereg regexp=".*" search_in="hdr" header="Record-Route:" assign_to="rr"/>
  </action></recv><Reference variables="caller,via,cseq,rr"/>`,
  /** Answers the request that came last. */
  says: (status: number, phrase: string): Step =>
    message([
      `SIP/2.0 ${status} ${phrase}`,
      ...["[last_Via:]", "[last_From:]", `[last_To:];tag=${CALLED_TAG}`],
      ...["[last_Call-ID:]", "[last_CSeq:]", "[last_Record-Route:]", CONTACT],
    ]),
  /** Answers a request within the call. */
  agrees: message([
    "SIP/2.0 200 OK",
    ...["[last_Via:]", "[last_From:]", "[last_To:]"],
    ...["[last_Call-ID:]", "[last_CSeq:]"],
  ]),
  /** Answers the INVITE, though another request came since. */
  refusesInvite: (status: number, phrase: string): Step =>
    message([
      `SIP/2.0 ${status} ${phrase}`,
      ...["Via: [$via]", "From: [$caller]"],
      ...[`To: <${CALLED_URI}>;tag=${CALLED_TAG}`, "Call-ID: [call_id]"],
      ...["CSeq: [$cseq]"],
    ]),
  /** Answers the INVITE, again and again until the ACK. */
  picksUp: message(
    [
      "SIP/2.0 200 OK",
      ...["[last_Via:]", "[last_From:]", `[last_To:];tag=${CALLED_TAG}`],
      ...["[last_Call-ID:]", "[last_CSeq:]", "[last_Record-Route:]", CONTACT],
    ],
    "",
    RETRANSMITTED,
  ),
  /** As one of several phones that ring for the same call. */
  picksUpAs: (tag: string): Step =>
    message([
      "SIP/2.0 200 OK",
      ...["[last_Via:]", "[last_From:]", `[last_To:];tag=${tag}`],
      ...["[last_Call-ID:]", "[last_CSeq:]", "[last_Record-Route:]", CONTACT],
    ]),
  /** The same, when another request came since the INVITE. */
  alsoPicksUpAs: (tag: string): Step =>
    message([
      "SIP/2.0 200 OK",
      ...["Via: [$via]", "From: [$caller]"],
      ...[`To: <${CALLED_URI}>;tag=${tag}`, "Call-ID: [call_id]"],
      ...["CSeq: [$cseq]", "Record-Route: [$rr]", CONTACT],
    ]),
  hangsUp: message(
    [
      "BYE [next_url] SIP/2.0",
      ...[VIA, `From: <${CALLED_URI}>;tag=${CALLED_TAG}`, "To: [$caller]"],
      ...["Call-ID: [call_id]", "CSeq: 1 BYE", "[routes]", "Max-Forwards: 70"],
    ],
    "",
    RETRANSMITTED,
  ),
};

/** Plays a scenario to its end; rejects with SIPp's own words when it goes another way. */
export async function play(options: {
  steps: readonly Step[];
  port: number;
  /** Whom to call; without it, waits to be called. */
  proxyPort?: number;
  calls?: number;
  perSecond?: number;
  callIdPrefix?: string;
  /** Ends it before its time. */
  signal?: AbortSignal;
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-sipp-"));
  const file = join(folder, "scenario.xml");
  const { calls = 1, perSecond = 50, callIdPrefix = "call" } = options;
  await writeFile(
    file,
    `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">\n${options.steps.join("\n")}\n</scenario>\n`,
  );
  const args = [
    ...(options.proxyPort === undefined
      ? []
      : [`127.0.0.1:${options.proxyPort}`, "-r", String(perSecond)]),
    ...["-sf", file, "-i", "127.0.0.1", "-p", String(options.port)],
    ...["-m", String(calls), "-cid_str", `${callIdPrefix}-%u`],
    ...["-nostdin", "-timeout", "40s", "-timeout_error", "-recv_timeout"],
    ...["20000", "-trace_err", "-error_file", join(folder, "errors.log")],
  ];
  try {
    const code = await run(args, folder, options.signal);
    if (code === 0) return;
    const errors = await readFile(join(folder, "errors.log"), "utf8").catch(
      () => "it wrote no errors",
    );
    throw new Error(`SIPp ended with ${code}: ${errors.slice(0, 4_000)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("sipp", args, { cwd, stdio: "ignore" });
    const end = (): void => void child.kill("SIGKILL");
    process.once("exit", end);
    signal?.addEventListener("abort", end);
    child.once("error", reject);
    child.once("exit", (code) => {
      process.off("exit", end);
      signal?.removeEventListener("abort", end);
      resolve(code);
    });
  });
}
