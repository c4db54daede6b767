/** The strategies that can be deployed, by their names. A new file becomes one by a line here. */
import type { Strategy } from "ballast";
import fixedWeights from "./fixed-weights.ts";
import inverseVolatility from "./inverse-volatility.ts";
import momentum from "./momentum.ts";
import trend from "./trend.ts";

export const strategies: readonly Strategy[] = [fixedWeights, inverseVolatility, momentum, trend];
