/** What the user typed or handed in cannot be worked with: exit code 2, the message and no stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
