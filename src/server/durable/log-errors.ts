/** A file holds something else than what was written, where a torn end cannot be the reason. */
export class LogCorrupt extends Error {
  override readonly name = "LogCorrupt";
  readonly path: string;
  readonly offset: number;

  constructor(message: string, path: string, offset: number) {
    super(message);
    this.path = path;
    this.offset = offset;
  }
}

/** The disk refused a write or a sync: nothing is acknowledged from here on. */
export class CommandLogFailed extends Error {
  override readonly name = "CommandLogFailed";
}
