/** An answer in the shape of every other error to what never became a request. */
import type { Duplex } from "node:stream";

/** What is no HTTP, or too long or too slow, is told so as far as the connection still takes it. */
export function refuseBytes(error: Error & { readonly code?: string }, socket: Duplex): void {
  const [status, reason] = REASONS[error.code ?? ""] ?? [400, "Bad Request"];
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const body = JSON.stringify({ code: status * 100_000, message: reason.toLowerCase() });
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

const REASONS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
};
