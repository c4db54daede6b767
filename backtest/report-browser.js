/**
 * Runs in the browser, inside report.html: draws the charts and fills the list of trades from the JSON in the page.
 * Text from the data goes through `textContent` only. Days are UTC dates; no time zone of the reader is applied.
 */
/* global document, window, uPlot, matchMedia, getComputedStyle, ResizeObserver */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const times = data.days.map((day) => day * 86400);
  const PALETTE = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f", "#ff9da7", "#8cd17d",
    "#a0cbe8", "#d37295", "#499894", "#ffbe7d", "#6b4c9a", "#b6992d", "#d4a6c8", "#2f6f8f", "#d7b5a6", "#a0a7ad",
  ];
  const TRADES_STEP = 100;

  const money = (value) => (value == null ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: 0 }));
  const percent = (value, decimals = 1) => (value == null ? "–" : `${(value * 100).toFixed(decimals)} %`);
  const short = (value) => (Math.abs(value) >= 1e6 ? `${+(value / 1e6).toPrecision(3)}M` : Math.abs(value) >= 1e3 ? `${+(value / 1e3).toPrecision(3)}k` : String(+value.toPrecision(3)));
  const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
  const isoDate = (_, seconds) => (seconds == null ? "–" : new Date(seconds * 1000).toISOString().slice(0, 10));
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function drawdowns(values, start) {
    let peak = start;
    return values.map((value) => {
      if (value == null) return null;
      peak = peak == null ? value : Math.max(peak, value);
      return value / peak - 1;
    });
  }

  /** 1, 2 and 5 times the powers of ten, or finer steps where those would leave the axis empty. */
  function logSplits(low, high) {
    const steps = high / low > 30 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
    const splits = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      for (const step of steps) if (power * step >= low && power * step <= high) splits.push(power * step);
    }
    return splits;
  }

  /** Without a cursor the legend shows the last day. */
  function showLatest(chart) {
    if (chart.cursor.idx == null) chart.setLegend({ idx: times.length - 1 });
  }

  function baseOptions(height, yAxis, series) {
    const soft = color("--soft");
    const grid = { stroke: color("--grid"), width: 1 };
    const font = "12px system-ui, sans-serif";
    return {
      width: 600,
      height,
      tzDate: utc,
      cursor: { sync: { key: "report", setSeries: false }, drag: { x: true, y: false }, points: { size: 5 } },
      legend: { markers: { width: 0, fill: (_, i) => series[i].stroke } },
      axes: [
        { stroke: soft, grid, ticks: { show: false }, font, size: 30, gap: 6 },
        { stroke: soft, grid, ticks: { show: false }, font, size: 58, ...yAxis },
      ],
      series: [{ label: "Date", value: isoDate }, ...series.slice(1)],
      hooks: { setCursor: [showLatest], ready: [showLatest] },
    };
  }

  function equityChart(isLog) {
    const series = [{}, { label: data.strategy, stroke: color("--equity"), width: 1.75, points: { show: false }, value: (_, v) => money(v) }];
    const columns = [times, data.equity];
    if (data.benchmarkEquity) {
      series.push({ label: data.benchmark, stroke: color("--beside"), width: 1.25, points: { show: false }, value: (_, v) => money(v) });
      columns.push(data.benchmarkEquity);
    }
    const axis = { values: (_, splits) => splits.map((value) => (value == null ? "" : short(value))) };
    if (isLog) Object.assign(axis, { splits: (u) => logSplits(u.scales.y.min, u.scales.y.max), filter: (_, splits) => splits });
    const options = baseOptions(360, axis, series);
    if (isLog) options.scales = { y: { distr: 3, range: (_, low, high) => [low / 1.05, high * 1.05] } };
    return { options, columns };
  }

  function drawdownChart() {
    const series = [{}, { label: data.strategy, stroke: color("--fall"), fill: `color-mix(in srgb, ${color("--fall")} 22%, transparent)`, width: 1.25, points: { show: false }, value: (_, v) => percent(v) }];
    const columns = [times, drawdowns(data.equity, data.startEquity)];
    if (data.benchmarkEquity) {
      series.push({ label: data.benchmark, stroke: color("--beside"), width: 1, points: { show: false }, value: (_, v) => percent(v) });
      columns.push(drawdowns(data.benchmarkEquity, data.benchmarkEquity[0] == null ? null : data.startEquity));
    }
    const options = baseOptions(200, { values: (_, splits) => splits.map((value) => percent(value, 0)) }, series);
    options.scales = { y: { range: (_, low) => [Math.min(low * 1.08, -0.01), 0] } };
    return { options, columns };
  }

  /** Each band is drawn from the sum up to it down to the one below; hiding a symbol lets those above it sink. */
  function weightsChart(hidden) {
    const sums = [];
    let below = times.map(() => 0);
    data.weights.forEach((column, i) => {
      below = hidden.has(i) ? below : below.map((value, day) => value + column[day]);
      sums.push(below);
    });
    const series = [{}, ...data.bands.map((name, i) => ({
      label: name,
      show: !hidden.has(i),
      stroke: PALETTE[i % PALETTE.length],
      fill: PALETTE[i % PALETTE.length],
      width: 0,
      points: { show: false },
      value: (u, _, __, day) => (day == null ? "–" : percent(data.weights[i][day])),
    }))];
    const bands = data.bands.map((_, i) => i).filter((i) => i > 0 && !hidden.has(i)).map((i) => ({ series: [i + 1, i] }));
    const options = baseOptions(240, { values: (_, splits) => splits.map((value) => percent(value, 0)) }, series);
    const top = sums.length === 0 ? 1 : sums[sums.length - 1].reduce((most, value) => Math.max(most, value), 0);
    options.scales = { y: { range: (_, low) => [Math.min(low, 0), Math.max(1, top)] } };
    options.bands = bands;
    options.hooks.setSeries = [
      (_, index, change) => {
        if (index == null || index < 1 || change.show == null) return;
        if (change.show) hidden.delete(index - 1);
        else hidden.add(index - 1);
        window.setTimeout(() => draw("weights"));
      },
    ];
    return { options, columns: [times, ...sums] };
  }

  const charts = {};
  const hidden = new Set();
  let fixedWidth;
  const log = document.getElementById("log");
  const makers = { equity: () => equityChart(log.checked), drawdown: drawdownChart, weights: () => weightsChart(hidden) };

  function draw(name) {
    const place = document.getElementById(name);
    const before = charts[name];
    const range = before && { min: before.scales.x.min, max: before.scales.x.max };
    before?.destroy();
    const { options, columns } = makers[name]();
    options.width = fixedWidth ?? Math.max(280, place.clientWidth);
    if (options.width < 520) options.height = Math.round(options.height * 0.75);
    charts[name] = new uPlot(options, columns, place);
    if (range) charts[name].setScale("x", range);
  }
  const drawAll = () => Object.keys(makers).forEach(draw);

  if (times.length > 0) {
    const [low, high] = data.equity.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
    log.checked = low > 0 && high / low > 4;
    log.addEventListener("change", () => draw("equity"));
    drawAll();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    let width = document.body.clientWidth;
    new ResizeObserver(() => {
      if (document.body.clientWidth === width) return;
      width = document.body.clientWidth;
      drawAll();
    }).observe(document.body);
    // Paper is white and narrower than most screens.
    const print = (isPrinting) => {
      document.documentElement.classList.toggle("print", isPrinting);
      fixedWidth = isPrinting ? 680 : undefined;
      drawAll();
    };
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => print(false));
  }

  const body = document.querySelector(".trades tbody");
  const find = document.getElementById("find");
  const side = document.getElementById("side");
  const more = document.getElementById("more");
  let sort = { column: 0, ascending: true };
  let limit = TRADES_STEP;

  function cellText(value, column) {
    if (column === 3) return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
    if (column === 4) return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
    if (column === 5) return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return value;
  }

  function list() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = data.trades.filter((row) => (side.value === "" || row[2] === side.value) && words.every((word) => `${row[0]} ${row[1]} ${row[6]}`.toLowerCase().includes(word)));
    const sign = sort.ascending ? 1 : -1;
    rows.sort((a, b) => (a[sort.column] < b[sort.column] ? -sign : a[sort.column] > b[sort.column] ? sign : 0));
    body.replaceChildren(...rows.slice(0, limit).map((row) => {
      const tr = document.createElement("tr");
      row.forEach((value, column) => {
        const td = document.createElement("td");
        td.textContent = cellText(value, column);
        if (column >= 3 && column <= 5) td.className = "number";
        if (column === 2) td.className = value;
        tr.append(td);
      });
      return tr;
    }));
    document.getElementById("shown").textContent = `${Math.min(limit, rows.length)} of ${rows.length} shown.`;
    more.hidden = rows.length <= limit;
    document.querySelectorAll(".trades th").forEach((th, column) => {
      if (column === sort.column) th.setAttribute("aria-sort", sort.ascending ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    });
  }
  document.querySelectorAll(".trades th button").forEach((button) => button.addEventListener("click", () => {
    const column = Number(button.dataset.column);
    sort = { column, ascending: column === sort.column ? !sort.ascending : column < 3 || column === 6 };
    list();
  }));
  for (const control of [find, side]) control.addEventListener("input", () => { limit = TRADES_STEP; list(); });
  more.addEventListener("click", () => { limit += TRADES_STEP * 5; list(); });
  list();
})();
