/**
 * A text that must not be seen. Printing, logging, serialising or joining it gives "[secret]"; `reveal` is the one way
 * to the text, so that a search for it finds every place that needs it.
 */
import { inspect } from "node:util";

export const MASK = "[secret]";

export class Secret {
  readonly #text: string;

  /** @throws RangeError for an empty text: it would be found everywhere. */
  constructor(text: string) {
    if (text === "") throw new RangeError("a secret cannot be empty");
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** `text` with the secret masked, also where it was escaped for a URL, for JSON, or for JSON within JSON. */
  maskIn(text: string): string {
    const once = escaped(this.#text);
    const forms = new Set([escaped(once), once, encodeURIComponent(this.#text), this.#text]);
    let masked = text;
    for (const form of forms) masked = masked.replaceAll(form, MASK);
    return masked;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The two halves of an Alpaca key. The id is no secret to the broker, but it names the account: it is not printed either. */
export interface AlpacaKeys {
  readonly keyId: Secret;
  readonly secretKey: Secret;
}
