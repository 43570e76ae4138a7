/** Where Redis is, and how it is laid out. */
export type RedisAddress =
  | { readonly kind: "single"; readonly url: string }
  | ({ readonly kind: "cluster" } & Servers)
  | ({
      readonly kind: "sentinel";
      /** What the sentinels call the master. */
      readonly master: string;
      readonly database: number;
      readonly sentinelUsername: string | undefined;
      readonly sentinelPassword: string | undefined;
    } & Servers);

interface Servers {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly isEncrypted: boolean;
  /** Of the Redis servers themselves. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export const ADDRESS_FORMS =
  "redis://host:port, redis+cluster://host:port,… or redis+sentinel://host:port,…/master-name (rediss for TLS)";

const ADDRESS =
  /^(rediss?)\+(cluster|sentinel):\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const SERVER = /^([\w.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/;
const CLUSTER_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/**
 * Reads an address: `redis://` and `rediss://` as ever, `redis+cluster://[user:password@]host:port,…`, and
 * `redis+sentinel://[user:password@]host:port,…/master-name[/database]`, where `?sentinelUsername=…&sentinelPassword=…` are
 * for the sentinels themselves. Credentials are %-encoded. Undefined when it is none of them.
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  if (/^rediss?:\/\/./.test(text)) return { kind: "single", url: text };
  const match = ADDRESS.exec(text);
  if (match === null) return undefined;
  const [, scheme, kind, credentials = "", hosts = "", path = "", query = ""] =
    match;
  const servers = serversOf(
    hosts,
    kind === "cluster" ? CLUSTER_PORT : SENTINEL_PORT,
  );
  const login = credentialsOf(credentials);
  if (servers === undefined || login === undefined) return undefined;
  const common = { servers, isEncrypted: scheme === "rediss", ...login };
  if (kind === "cluster")
    return path === "" && query === ""
      ? { kind: "cluster", ...common }
      : undefined;
  const place = /^([\w.-]+)(?:\/(\d{1,4}))?$/.exec(path);
  if (place === null) return undefined;
  const options = new URLSearchParams(query);
  return {
    kind: "sentinel",
    ...common,
    master: place[1] ?? "",
    database: Number(place[2] ?? 0),
    sentinelUsername: options.get("sentinelUsername") ?? undefined,
    sentinelPassword: options.get("sentinelPassword") ?? undefined,
  };
}

function serversOf(
  text: string,
  defaultPort: number,
): Servers["servers"] | undefined {
  const servers: { host: string; port: number }[] = [];
  for (const one of text.split(",")) {
    const [, host, digits] = SERVER.exec(one.trim()) ?? [];
    const port = digits === undefined ? defaultPort : Number(digits);
    if (host === undefined || port < 1 || port > 65_535) return undefined;
    servers.push({ host: host.replace(/^\[|\]$/g, ""), port });
  }
  return servers;
}

function credentialsOf(
  text: string,
): Pick<Servers, "username" | "password"> | undefined {
  if (text === "") return { username: undefined, password: undefined };
  const cut = text.indexOf(":");
  try {
    const username = decodeURIComponent(cut === -1 ? text : text.slice(0, cut));
    return {
      username: username === "" ? undefined : username,
      password:
        cut === -1 ? undefined : decodeURIComponent(text.slice(cut + 1)),
    };
  } catch {
    return undefined;
  }
}
