/** Real money is deployed by two words: the venue in ballast.yaml and the account's name on the command line. */
import { ConfigInvalid, type Config } from "../src/config.ts";

/** @throws ConfigInvalid unless `confirmed` are exactly the accounts of real money that strategies run on. */
export function refuseUnconfirmedLive({ accounts, deployments }: Config, confirmed: readonly string[]): void {
  const live = [...new Set(deployments.map(({ account }) => account))].filter((account) => accounts.get(account)!.venue === "alpaca-live");
  for (const account of live) {
    if (!confirmed.includes(account)) throw new ConfigInvalid(`account ${account} trades real money (accounts.${account}.venue is alpaca-live): confirm it with -c confirmLive=${account}`);
  }
  for (const account of confirmed) {
    if (!live.some((name) => name === account)) throw new ConfigInvalid(`confirmLive names ${account}, and no strategy trades real money on an account of that name`);
  }
}
