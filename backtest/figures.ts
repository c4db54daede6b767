/** Numbers as a reader wants them, the same on every machine: no locale is asked. */

/** 0.1234 is "12.3 %". From a factor of ten on, decimals only hide the size of the number. */
export function percentText(fraction: number | null, decimals = 1): string {
  return fraction === null ? "–" : `${decimalText(fraction * 100, Math.abs(fraction) >= 10 ? 0 : decimals)} %`;
}

/** With its sign, plus included. */
export function signedPercentText(fraction: number | null, decimals = 1): string {
  const text = percentText(fraction, decimals);
  return fraction !== null && fraction > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function ratioText(value: number | null): string {
  return value === null ? "–" : decimalText(value, 2);
}

/** With thin groups of three: "1,234,567.89". */
export function decimalText(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".") as [string, string | undefined];
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction === undefined ? "" : `.${fraction}`}`;
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

export function countText(value: number): string {
  return decimalText(value, 0);
}
