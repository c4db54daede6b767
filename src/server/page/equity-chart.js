/** The account's equity over time: what the server kept of it, and the points that came since. Times are New York's. */
/* global window, document, uPlot, matchMedia, getComputedStyle, ResizeObserver */
import { money } from "./render.js";

const POINTS_MAX = 4000;
const HEIGHT = 220;

export class EquityChart {
  #place;
  #chart;
  #times = [];
  #values = [];
  #latest;

  constructor(place) {
    this.#place = place;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#chart?.setSize({ width: this.#width(), height: HEIGHT })).observe(place);
  }

  /** As /v2/account/portfolio/history answers. */
  load({ timestamp, equity }) {
    this.#times = [...timestamp];
    this.#values = [...equity];
    if (this.#latest) this.add(...this.#latest);
    this.#draw();
  }

  /** Another account's. */
  clear() {
    this.#latest = undefined;
    this.load({ timestamp: [], equity: [] });
  }

  /** Seconds, and what the account is worth then. */
  add(seconds, equity) {
    this.#latest = [seconds, equity];
    const last = this.#times.at(-1);
    if (last !== undefined && seconds <= last) {
      if (seconds === last) this.#values[this.#values.length - 1] = equity;
    } else {
      this.#times.push(seconds);
      this.#values.push(equity);
    }
    if (this.#times.length > POINTS_MAX) {
      this.#times = this.#times.filter((_, index) => index % 2 === 1);
      this.#values = this.#values.filter((_, index) => index % 2 === 1);
    }
    if (this.#chart) this.#chart.setData([this.#times, this.#values]);
    else this.#draw();
    this.#describe();
  }

  #draw() {
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#describe();
    if (this.#times.length < 2) return;
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { stroke: color("--soft"), grid: { stroke: color("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    this.#chart = new uPlot({
      width: this.#width(),
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "America/New_York"),
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      legend: { show: false },
      scales: { y: { range: (_, low, high) => (high - low < low * 2e-4 ? [low - low * 1e-4, high + low * 1e-4] : uPlot.rangeNum(low, high, 0.1, true)) } },
      axes: [
        { ...axis, size: 28, gap: 6, space: 70, values: (u, splits) => splits.map((at) => label(at, u.scales.x.max - u.scales.x.min)) },
        { ...axis, size: 76, values: (_, splits) => splits.map((value) => money(value).replace(/\.00$/, "")) },
      ],
      series: [{}, { stroke: color("--line-chart"), fill: color("--under-chart"), width: 1.75, points: { show: false } }],
    }, [this.#times, this.#values], this.#place);
  }

  #describe() {
    const [first, last] = [this.#values[0], this.#values.at(-1)];
    this.#place.classList.toggle("begins", this.#times.length < 2);
    this.#place.setAttribute("aria-label", first === undefined ? "Equity over time: nothing yet" : `Equity over time: from ${money(first)} to ${money(last)}`);
  }

  #width() {
    return Math.max(240, this.#place.clientWidth);
  }
}

const time = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", month: "short", day: "numeric" });

function label(seconds, span) {
  if (seconds === null) return "";
  const at = seconds * 1000;
  if (span > 3 * 86_400) return date.format(at);
  return span < 300 ? exact.format(at) : time.format(at);
}
