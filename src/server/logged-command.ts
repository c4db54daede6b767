/** Commands as they come back from the log, checked like any that comes in: a log can be of another version, or edited. */
import { Ajv } from "ajv";
import { z } from "zod";
import { orderCommandSchema, venueCommandSchema, type VenueCommand } from "./commands.ts";
import { LogCorrupt } from "./durable/log-errors.ts";

/** @throws LogCorrupt for what is no command of this version. */
export function loggedCommand(json: unknown, sequence: number, directory: string): VenueCommand {
  if (isOrderCommand(json)) return json;
  const { data, error } = venueCommandSchema.safeParse(json);
  if (error) throw new LogCorrupt(`command ${sequence} of the log in ${directory} is none that this version knows (${whatIsWrong(error)}): start the version that wrote it`, directory, 0);
  return data;
}

/** The same schema as code that copies nothing: a start reads a million orders, and would spend a tenth of its time on copies of them. */
const isOrderCommand = new Ajv({ discriminator: true }).compile<z.output<typeof orderCommandSchema>>({
  ...z.toJSONSchema(orderCommandSchema, { target: "draft-7" }),
  type: "object",
  discriminator: { propertyName: "type" },
  required: ["type"],
});

function whatIsWrong({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.length === 0 ? "the command" : path.join(".")}: ${message}`).join("; ");
}
