/**
 * What an order is, in the one int32 of its record that never changes while it rests.
 *
 * From the lowest bit: side (1), type (3), time in force (2), self-trade prevention (2), post-only (1), pending (1),
 * and the number of its stop details (22) where it is pending.
 */
const PENDING_BIT = 1 << 9;
export const STOP_DETAILS_MAX = (1 << 22) - 1;
const STOP_DETAIL_SHIFT = 10;

export function traitsOf(side: number, type: number, timeInForce: number, flags: number): number {
  return side | (type << 1) | (timeInForce << 4) | (flags << 6);
}

export function sideOf(traits: number): number {
  return traits & 1;
}

export function typeOf(traits: number): number {
  return (traits >> 1) & 7;
}

export function timeInForceOf(traits: number): number {
  return (traits >> 4) & 3;
}

/** Self-trade prevention and post-only, as they were submitted. */
export function flagsOf(traits: number): number {
  return (traits >> 6) & 7;
}

export function isPending(traits: number): boolean {
  return (traits & PENDING_BIT) !== 0;
}

export function withStopDetail(traits: number, detail: number): number {
  return traits | PENDING_BIT | (detail << STOP_DETAIL_SHIFT);
}

export function stopDetailOf(traits: number): number {
  return traits >>> STOP_DETAIL_SHIFT;
}
