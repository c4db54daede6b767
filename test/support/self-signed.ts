/** A certificate for this machine's loopback that nobody else vouches for. */
import { generate } from "selfsigned";

export async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const made = await generate([{ name: "commonName", value: "127.0.0.1" }], { keyType: "ec", extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }] });
  return { key: made.private, cert: made.cert };
}
