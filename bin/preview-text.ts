/** What a run would do, as a table for people and as JSON. */
import Table from "cli-table3";
import type { Json } from "../src/json.ts";
import { moneyToText, notional, quantityToText, type Money, type Price } from "../src/money.ts";
import { refusalLine } from "../src/risk/refusal-text.ts";
import type { Deployment } from "../src/run/deployment.ts";
import type { Preview } from "../src/run/preview.ts";
import { isoOf, type Instant } from "../src/time.ts";

export function previewJson(preview: Preview, deployment: Deployment, asOf: Instant) {
  return {
    strategy: deployment.strategy.name,
    params: deployment.strategy.params,
    asOf: isoOf(asOf),
    equity: moneyToText(preview.equity),
    cash: moneyToText(preview.cash),
    keep: preview.keep ?? null,
    weights: preview.rows.map(({ symbol, weight, target, drift, quantity, reason, clampedFrom }) => ({
      symbol,
      weight,
      target,
      drift,
      quantity: quantityToText(quantity),
      reason,
      clampedFrom: clampedFrom ?? null,
    })),
    orders: preview.orders.map(({ clientOrderId, symbol, side, type, quantity, referencePrice, priceBound, expectedFees, reason }) => ({
      clientOrderId,
      symbol,
      side,
      type,
      quantity: quantityToText(quantity),
      referencePrice: moneyToText(referencePrice),
      priceBound: moneyToText(priceBound),
      notional: moneyToText(notional(referencePrice, quantity)),
      expectedFees: moneyToText(expectedFees),
      reason,
    })),
    refused: preview.refused as unknown as Json,
    expectedFees: moneyToText(preview.expectedFees),
    cashAfter: moneyToText(preview.cashAfter),
  };
}

export function previewText(preview: Preview, deployment: Deployment, asOf: Instant): string {
  const plain = { style: { head: [], border: [], compact: true } };
  const weights = new Table({ head: ["Symbol", "Held", "Weight", "Target", "Drift", "Why"], colAligns: ["left", "right", "right", "right", "right", "left"], ...plain });
  for (const { symbol, quantity, weight, target, drift, reason, clampedFrom } of preview.rows) {
    const capped = clampedFrom === undefined ? "" : ` (cap: asked for ${percent(clampedFrom)})`;
    weights.push([symbol, quantityToText(quantity), percent(weight), percent(target), percent(drift), `${reason}${capped}`]);
  }
  const orders = new Table({ head: ["Order", "Symbol", "Quantity", "Near", "Worth", "Fees"], colAligns: ["left", "left", "right", "right", "right", "right"], ...plain });
  for (const { side, symbol, quantity, referencePrice, expectedFees } of preview.orders) {
    orders.push([side, symbol, quantityToText(quantity), dollars(referencePrice), dollars(notional(referencePrice, quantity)), dollars(expectedFees)]);
  }
  const verdict = preview.keep ?? (preview.orders.length === 0 ? "no order is needed" : `${preview.orders.length} ${preview.orders.length === 1 ? "order" : "orders"}, expected fees ${dollars(preview.expectedFees)}, cash afterwards ${dollars(preview.cashAfter)}`);
  return [
    `${deployment.strategy.name} as of ${isoOf(asOf)}: equity ${dollars(preview.equity)}, cash ${dollars(preview.cash)}`,
    ...(preview.rows.length > 0 ? [weights.toString()] : []),
    ...(preview.orders.length > 0 ? [orders.toString()] : []),
    ...preview.refused.map((refusal) => `refused ${refusalLine(refusal)}`),
    `${verdict}. Nothing was traded.`,
    "",
  ].join("\n");
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function dollars(amount: Money | Price): string {
  return (amount / 1e6).toLocaleString("en-US", { style: "currency", currency: "USD" });
}
