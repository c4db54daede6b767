/** Where commands look for the local store when they are told of none. */
export const DEFAULT_STORE = ".ballast/paper.sqlite";
