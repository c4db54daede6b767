/** Values that survive a round trip through JSON unchanged: what the journal and the stores hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
