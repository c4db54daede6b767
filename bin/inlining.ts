/**
 * More room for V8 to put small functions into their callers.
 *
 * What the exchange does for an order is some hundred small functions, and V8's own budget (920 and 4,600 bytes of
 * bytecode) leaves many of them calls, which also makes an object of every number beyond 31 bits that one hands to
 * another. `npm run bench -- exchange` runs with this, as the commands do. V8 has no other way to say it, and passes
 * over a flag that it no longer knows.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--max-inlined-bytecode-size-cumulative=5000");
setFlagsFromString("--max-inlined-bytecode-size-absolute=14000");
