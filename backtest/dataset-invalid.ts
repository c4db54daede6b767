/** Where in a data set something is wrong. Lines count from 1 and include the header. */
interface Place {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: string | undefined;
}

/** Market data that cannot be trusted: nothing is computed from it. The message says where, what was read, and what to do. */
export class DataInvalid extends Error {
  override readonly name = "DataInvalid";
  readonly place: Place;

  constructor(place: Place, message: string, options?: ErrorOptions) {
    super(`${textOf(place)}: ${message}`, options);
    this.place = place;
  }
}

function textOf({ file, line, column }: Place): string {
  return [file, line === undefined ? "" : ` line ${line}`, column === undefined ? "" : `, column ${column}`].join("");
}
