/**
 * Alpaca's own OpenAPI documents as a judge of answers: finds the operation of a request and holds the answer's body to
 * the schema of its status.
 *
 * `nullable` becomes a type of its own, and `oneOf` becomes `anyOf`: the alternatives of the documents have no required
 * fields that would tell them apart. Statuses that an operation does not describe with a schema pass.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

export const FOLDER = fileURLToPath(new URL("../../../shared/reference/alpaca-openapi", import.meta.url));
const DOCUMENTS = ["trading-api.json", "market-data-api.json"] as const;

export const openApiIsAbsent = !existsSync(FOLDER) && process.env["CI"] !== "true";

type Json = { readonly [key: string]: Json | undefined } & object;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly responses: Json;
  readonly document: string;
}

export class OpenApi {
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  readonly #operations: readonly Operation[];
  readonly #validators = new Map<string, ValidateFunction | undefined>();
  /** The operations, as "GET /v2/orders", whose answers have been judged. */
  readonly judged = new Set<string>();

  constructor() {
    (formats as unknown as (ajv: Ajv) => void)(this.#ajv);
    for (const [name, check] of NUMBER_FORMATS) this.#ajv.addFormat(name, { type: "number", validate: check });
    this.#ajv.addFormat("decimal", /^-?\d+(\.\d+)?$/);
    this.#operations = DOCUMENTS.flatMap((document) => {
      const text = JSON.parse(readFileSync(`${FOLDER}/${document}`, "utf8")) as Json;
      this.#ajv.addSchema(plain(text) as object, document);
      return Object.entries(text["paths"]!).flatMap(([path, item]) =>
        Object.entries(item as Json).flatMap(([method, operation]) =>
          METHODS.has(method) ? [{ method: method.toUpperCase(), path, document, pattern: patternOf(path), responses: operation!["responses"]! }] : [],
        ),
      );
    }).sort((a, b) => a.path.split("{").length - b.path.split("{").length);
  }

  /** What is wrong with an answer; undefined for a good one. An operation that the documents do not have is wrong. */
  defectOf(method: string, path: string, status: number, body: unknown): string | undefined {
    const operation = this.#operations.find((one) => one.method === method && one.pattern.test(path));
    if (!operation) return `the documents have no ${method} ${path}`;
    const name = `${operation.method} ${operation.path}`;
    const key = `${name} ${status}`;
    if (!this.#validators.has(key)) this.#validators.set(key, this.#validatorOf(operation, status));
    const validate = this.#validators.get(key);
    if (status < 300) this.judged.add(name);
    if (!validate || validate(body)) return undefined;
    return `${key}: ${this.#ajv.errorsText(validate.errors, { separator: "; " })} in ${JSON.stringify(body).slice(0, 600)}`;
  }

  #validatorOf({ document, path, method, responses }: Operation, status: number): ValidateFunction | undefined {
    const response = responses[String(status)];
    if (!response || response["$ref"] || !response["content"]) return undefined;
    const pointer = ["paths", path, method.toLowerCase(), "responses", String(status), "content", "application/json", "schema"].map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    return this.#ajv.compile({ $ref: `${document}#/${pointer}` });
  }
}

const METHODS = new Set(["get", "post", "put", "patch", "delete"]);
const NUMBER_FORMATS = [
  ["double", Number.isFinite],
  ["int64", Number.isInteger],
  ["uint32", (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32],
  ["uint64", (value: number) => Number.isInteger(value) && value >= 0],
] as const;

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.+*?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/:]+")}$`);
}

/** OpenAPI 3.0 as JSON Schema. */
function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== "object" || node === null) return node;
  const { nullable, oneOf, example: _example, ...rest } = node as Record<string, unknown>;
  const result = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, plain(value)]));
  if (oneOf) result["anyOf"] = plain(oneOf);
  if (nullable === true && typeof result["type"] === "string") {
    result["type"] = [result["type"], "null"];
    if (Array.isArray(result["enum"])) result["enum"] = [...(result["enum"] as unknown[]), null];
  }
  return result;
}
