import { join } from "node:path";
import { run } from "./run.js";

export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** A key store of the brokers, and the certificate for those who are to trust them. */
interface Certificate {
  readonly keyStore: string;
  readonly file: string;
}

export interface NodeSecurity {
  readonly user: KafkaUser;
  readonly certificate: Certificate;
  readonly saslPort: number;
  readonly tlsPort: number;
}

export interface SecuredListeners {
  readonly sasl: readonly string[];
  readonly tls: readonly string[];
  /** PEM; for NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
}

const STORE_PASSWORD = "of-this-test-alone";
const SCRAM = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

/** A self-signed certificate for 127.0.0.1, made by the JDK's keytool. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const keyStore = join(folder, "brokers.p12");
  const file = join(folder, "brokers.pem");
  const store = ["-keystore", keyStore, "-storepass", STORE_PASSWORD];
  await run("keytool", [
    ...["-genkeypair", "-alias", "broker", "-keyalg", "EC"],
    ...["-storetype", "PKCS12", "-dname", "CN=127.0.0.1", "-validity", "2"],
    ...["-ext", "san=ip:127.0.0.1", "-ext", "bc:c", ...store],
  ]);
  await run("keytool", [
    ...["-exportcert", "-rfc", "-alias", "broker", "-file", file, ...store],
  ]);
  return { keyStore, file };
}

export function securedListeners(
  nodes: readonly (NodeSecurity | undefined)[],
): SecuredListeners | undefined {
  const secured = nodes.filter((node) => node !== undefined);
  const [first] = secured;
  if (first === undefined) return undefined;
  return {
    sasl: secured.map(({ saslPort }) => `127.0.0.1:${saslPort}`),
    tls: secured.map(({ tlsPort }) => `127.0.0.1:${tlsPort}`),
    certificateFile: first.certificate.file,
  };
}

/** Listeners beside the plain one. */
export function addresses(security: NodeSecurity | undefined): string[] {
  if (security === undefined) return [];
  const { saslPort, tlsPort } = security;
  return [`SASL://127.0.0.1:${saslPort}`, `TLS://127.0.0.1:${tlsPort}`];
}

/** SCRAM's users are in the cluster's metadata from its beginning. */
export function formatArguments(security: NodeSecurity | undefined): string[] {
  if (security === undefined) return [];
  const { username, password } = security.user;
  return SCRAM.flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
}

export function securityProperties(
  security: NodeSecurity | undefined,
): Record<string, string> {
  if (security === undefined) return {};
  const { username, password } = security.user;
  const login = "org.apache.kafka.common.security";
  const scram = SCRAM.map((mechanism): [string, string] => [
    `listener.name.sasl.${mechanism.toLowerCase()}.sasl.jaas.config`,
    `${login}.scram.ScramLoginModule required;`,
  ]);
  return {
    "listener.name.sasl.sasl.enabled.mechanisms": ["PLAIN", ...SCRAM].join(","),
    "listener.name.sasl.plain.sasl.jaas.config": `${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    ...Object.fromEntries(scram),
    "listener.name.tls.ssl.keystore.type": "PKCS12",
    "listener.name.tls.ssl.keystore.location": security.certificate.keyStore,
    "listener.name.tls.ssl.keystore.password": STORE_PASSWORD,
    "listener.name.tls.ssl.key.password": STORE_PASSWORD,
  };
}
