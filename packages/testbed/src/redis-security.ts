import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.js";

/** A server's key, and the certificate for those who are to trust it. */
export interface RedisCertificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** PEM. */
  readonly certificate: string;
}

/** A self-signed certificate for 127.0.0.1, made by openssl. */
export async function makeRedisCertificate(
  folder: string,
): Promise<RedisCertificate> {
  const keyFile = join(folder, "redis.key");
  const certificateFile = join(folder, "redis.pem");
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", keyFile, "-out", certificateFile],
  ]);
  const certificate = await readFile(certificateFile, "utf8");
  return { keyFile, certificateFile, certificate };
}

/** Where a server listens, and how it speaks with other servers: with a certificate, by TLS alone. */
export function portSettings(
  port: number,
  certificate: RedisCertificate | undefined,
): (readonly [name: string, value: string])[] {
  if (certificate === undefined) return [["port", String(port)]];
  return [
    ["port", "0"],
    ["tls-port", String(port)],
    ["tls-key-file", certificate.keyFile],
    ["tls-cert-file", certificate.certificateFile],
    ["tls-ca-cert-file", certificate.certificateFile],
    ["tls-auth-clients", "no"],
    ["tls-replication", "yes"],
  ];
}
