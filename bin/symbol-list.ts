import { InvalidArgumentError } from "commander";

/** Symbols with commas between, however they are typed: exchanges, data and clients all write them in capitals. */
export function symbolList(text: string): string[] {
  const symbols = text.split(",").map((name) => name.trim().toUpperCase());
  const wrong = symbols.find((symbol) => !/^[A-Z0-9][A-Z0-9.^=-]{0,15}$/.test(symbol));
  if (wrong !== undefined) throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no symbol; give them with commas between, like SPY,IEF.`);
  return symbols;
}
