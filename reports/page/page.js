"use strict";
// Draws the charts of the page from the numbers in it, and lets them be zoomed, read and switched. All that is said in words
// and tables is there without it. Texts go into the page as text, never as HTML.
(() => {
const numbers = JSON.parse(document.getElementById("numbers").textContent);
const {all, fold} = shared;
const element = (name, className, text) => {
  const e = document.createElement(name);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
};

// Numbers are written as in all other reports of andon: three significant digits, and a unit that suits them.
const digits = x => { const a = Math.abs(x); return x.toFixed(a < 9.995 ? 2 : a < 99.95 ? 1 : 0); };
const commas = n => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
const duration = s => {
  const a = Math.abs(s);
  if (a === 0) return "0 ms";
  if (a < 0.9995e-3) return digits(s * 1e6) + " µs";
  if (a < 0.9995) return digits(s * 1e3) + " ms";
  return a < 600 ? digits(s) + " s" : digits(s / 60) + " min";
};
const rate = r => (r >= 999.5 ? commas(r) : digits(r)) + "/s";
const plain = x => Number.isInteger(x) || x >= 999.5 ? commas(x) : digits(x);
// Axes and moments need no more digits than tell them apart.
const short = x => Math.abs(x) >= 1000 ? commas(x) : String(+x.toPrecision(6));
const shortDuration = s => s === 0 ? "0" : s < 0.9995e-3 ? short(s * 1e6) + " µs" : s < 0.9995 ? short(s * 1e3) + " ms" : short(s) + " s";
const clock = s => {
  if (numbers.load < 120) return short(Math.round(s * 100) / 100) + " s";
  const whole = Math.round(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, two = n => String(n).padStart(2, "0");
  return (h ? h + ":" + two(m) : m) + ":" + two(whole % 60);
};
const percent = p => short(p) + " %";

// Colours come from the style sheet, which knows the theme; a canvas cannot.
const probe = element("span", "sr");
probe.setAttribute("aria-hidden", "true");
document.body.append(probe);
let palette = {};
const readPalette = () => {
  for (const name of ["card", "soft", "grid", "line", "wide", "shade", "silence", "bad", "unsure", "c1", "c2", "c3", "c4", "c5", "c6", "c7"]) {
    probe.style.color = "var(--" + name + ")";
    palette[name] = getComputedStyle(probe).color;
  }
};
readPalette();

// faint is a colour that lines are seen through.
const faint = color => color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.25)");

const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const charts = {};
const dashes = {dashed: [6, 4], dotted: [2, 3]};
const incrementsOfTime = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

// The middle of each stretch, at which its figures stand.
const starts = numbers.time.start || [];
const middles = starts.map((s, i) => s + (i === starts.length - 1 ? numbers.last : numbers.step) / 2);
const end = starts.length ? starts[starts.length - 1] + numbers.last : 1;
const whole = {min: 0, max: Math.max(end, numbers.load) || 1};

// A plugin that marks where the load ended.
const loadEnd = {hooks: {draw: [u => {
  const {ctx, bbox} = u, x = Math.round(u.valToPos(numbers.load, "x", true)) + 0.5;
  if (!(x > bbox.left && x < bbox.left + bbox.width)) return;
  ctx.save();
  ctx.strokeStyle = palette.soft; ctx.lineWidth = uPlot.pxRatio; ctx.setLineDash([]);
  ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
  ctx.restore();
}]}};

// A plugin that shades warm-ups and silences behind the lines, and marks what happened in front of them.
const phases = withNames => ({hooks: {
  drawClear: [u => {
    const {ctx, bbox} = u, y = bbox.top, h = bbox.height;
    const band = (from, to, color) => {
      const a = Math.max(u.valToPos(from, "x", true), bbox.left), b = Math.min(u.valToPos(to, "x", true), bbox.left + bbox.width);
      if (b > a) { ctx.fillStyle = color; ctx.fillRect(a, y, b - a, h); }
    };
    ctx.save();
    for (const p of numbers.phases) if (p.warmup) band(p.start, p.end, palette.shade);
    for (const m of numbers.marks) if (m.kind === "silence") band(m.start, m.end, palette.silence);
    ctx.restore();
  }],
  draw: [u => {
    const {ctx, bbox} = u, ratio = uPlot.pxRatio, right = bbox.left + bbox.width;
    const vertical = (at, color, dash) => {
      const x = Math.round(u.valToPos(at, "x", true)) + 0.5;
      if (x < bbox.left || x > right) return null;
      ctx.strokeStyle = color; ctx.lineWidth = ratio; ctx.setLineDash(dash.map(d => d * ratio));
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      return x;
    };
    ctx.save();
    ctx.font = 12 * ratio + "px " + font.slice(5);
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    for (const p of numbers.phases) {
      if (p.start > 0) vertical(p.start, palette.line, []);
      if (!withNames) continue;
      const a = Math.max(u.valToPos(p.start, "x", true), bbox.left), b = Math.min(u.valToPos(p.end, "x", true), right);
      const name = p.name, w = ctx.measureText(name).width;
      ctx.fillStyle = palette.soft;
      if (w + 8 * ratio < b - a) ctx.fillText(name, a + 5 * ratio, 2 * ratio);
    }
    for (const m of numbers.marks) {
      if (m.kind === "stop") {
        const x = vertical(m.start, palette.bad, [5, 3]);
        if (x !== null && withNames) {
          const w = ctx.measureText(m.text).width;
          const left = Math.min(x + 5 * ratio, right - w);
          ctx.fillStyle = palette.card;
          ctx.fillRect(left - 2 * ratio, bbox.top + 2 * ratio, w + 4 * ratio, 16 * ratio);
          ctx.fillStyle = palette.bad;
          ctx.fillText(m.text, left, bbox.top + 4 * ratio);
        }
      }
      if (m.kind === "spoiled") {
        const a = Math.max(u.valToPos(m.start, "x", true), bbox.left), b = Math.min(u.valToPos(m.end, "x", true), right);
        ctx.fillStyle = palette.unsure;
        if (b > a) ctx.fillRect(a, bbox.top + bbox.height - 3 * ratio, b - a, 3 * ratio);
      }
      if (m.kind === "stalls") {
        const a = Math.max(u.valToPos(m.start, "x", true), bbox.left), b = Math.min(u.valToPos(m.end, "x", true), right);
        ctx.fillStyle = palette.unsure;
        if (b > a) ctx.fillRect(a, bbox.top, b - a, 5 * ratio);
      }
      if (m.kind === "stall") {
        const x = u.valToPos((m.start + m.end) / 2, "x", true), s = 5 * ratio;
        if (x < bbox.left || x > right) continue;
        ctx.fillStyle = palette.unsure;
        ctx.beginPath(); ctx.moveTo(x - s, bbox.top); ctx.lineTo(x + s, bbox.top); ctx.lineTo(x, bbox.top + 1.6 * s); ctx.fill();
      }
    }
    ctx.restore();
  }],
}});

// stairs draws each value over the whole of its stretch, so that a figure of several stretches is a step over them.
const stairs = (u, k, from, to) => {
  const stroke = new Path2D();
  let last = null;
  for (let i = from; i <= to; i++) {
    const v = u.data[k][i];
    if (v === null || v === undefined) { last = null; continue; }
    const y = u.valToPos(v, "y", true), right = i === starts.length - 1 ? starts[i] + numbers.last : starts[i + 1];
    if (last === null) stroke.moveTo(u.valToPos(starts[i], "x", true), y);
    else if (last !== y) stroke.lineTo(u.valToPos(starts[i], "x", true), y);
    stroke.lineTo(u.valToPos(right, "x", true), y);
    last = y;
  }
  return {stroke, fill: null, clip: null, band: null, gaps: null, flags: 1};
};

// isRound tells 1, 2 and 5 times a power of ten, which a logarithmic axis names.
const isRound = v => { const m = v / 10 ** Math.floor(Math.log10(v) + 1e-9); return [1, 2, 5].some(k => Math.abs(m - k) < 1e-6); };

// Range of a y axis from 0, with air above; of a logarithmic one around what there is.
const fromZero = (u, min, max) => [0, max > 0 ? max * 1.08 : 1];
// uPlot counts the ticks of a logarithmic axis from its lower end, and never ends unless that has one digit.
const oneDigit = x => { const e = Math.floor(Math.log10(x)); return +(Math.max(1, Math.floor(x / 10 ** e)) + "e" + e); };
const logRange = (u, min, max) => min > 0 ? [oneDigit(min / 1.15), Math.max(max, min * 1.5) * 1.15] : [1e-4, 1];

// current is the range that all charts over time show.
let current = {...whole};

// make builds a chart. o has: id, x, series [{name, y, color, style, points, width}], bands between two of them, format of values and axis, and whether it
// is over time, stacked, with points only, or has its own x axis.
const make = o => {
  const figure = document.getElementById("c-" + o.id);
  if (!figure) return;
  const plot = figure.querySelector(".plot"), legend = figure.querySelector(".legend"), said = figure.querySelector(".sr");
  const chart = {o, figure, plot, shown: o.series.map(() => true), log: false};
  charts[o.id] = chart;
  if (!o.x.length || !o.series.some(s => s.y.some(v => v !== null))) {
    plot.append(element("p", "empty", o.empty || "Too few samples for this chart."));
    figure.querySelector("details").hidden = true;
    return;
  }

  const outputs = o.series.map((s, i) => {
    const b = element("button");
    b.type = "button";
    b.setAttribute("aria-pressed", "true");
    b.append(element("i", "swatch k" + s.color + " " + (s.style || "")), element("span", "", s.name));
    const out = element("output");
    b.append(out);
    b.onclick = () => {
      chart.shown[i] = !chart.shown[i];
      b.setAttribute("aria-pressed", chart.shown[i]);
      if (o.stacked) chart.u.setData(chart.data(), false);
      chart.u.setSeries(order.indexOf(i) + 1, {show: chart.shown[i]});
    };
    legend.append(b);
    return out;
  });
  const at = element("span", "at");
  legend.append(at);

  // Stacked series are drawn as sums, the largest first, so that each leaves of the one before what lies above it. order is
  // that of drawing.
  const order = o.series.map((s, i) => o.stacked ? o.series.length - 1 - i : i);
  chart.data = () => {
    if (!o.stacked) return [o.x, ...o.series.map(s => s.y)];
    const below = o.x.map(() => 0);
    const sums = o.series.map((s, i) => {
      if (chart.shown[i]) s.y.forEach((v, k) => { below[k] += v || 0; });
      return below.slice();
    });
    return [o.x, ...order.map(i => sums[i])];
  };
  const narrow = () => plot.clientWidth < 500;
  const axis = {
    stroke: () => palette.soft, font, grid: {stroke: () => palette.grid, width: 1}, ticks: {stroke: () => palette.grid, width: 1, size: 5},
  };
  const show = i => {
    outputs.forEach((out, k) => {
      const v = i === null ? null : o.series[k].y[i];
      out.textContent = v === null || v === undefined ? "" : o.format(v);
    });
    at.textContent = i === null || o.x[i] === undefined ? "" : o.sayX(o.x[i]);
  };
  const build = () => {
    const options = {
      width: plot.clientWidth, height: plot.clientHeight, legend: {show: false}, padding: [o.names ? 20 : 8, 28, 0, 0],
      plugins: o.time ? [phases(o.names)] : o.plugins || [], focus: {alpha: 1},
      cursor: {
        y: false, points: {size: 7}, drag: {x: !!o.time, y: false, dist: 4, setScale: false},
        // Charts over time share the cursor; the range they share by link.
        sync: o.sync ? {key: o.sync, scales: ["x", null], setSeries: false, filters: {pub: type => type === "mousemove" || type === "mouseleave"}} : undefined,
        bind: {dblclick: () => () => { if (o.time) zooms.all(); }},
      },
      scales: {
        x: {time: false, range: o.xRange || ((u, min, max) => [min, max])},
        y: {distr: chart.log ? 3 : 1, range: chart.log ? logRange : o.yRange || fromZero},
      },
      bands: (o.bands || []).map(([high, low]) => ({series: [high + 1, low + 1], fill: () => faint(palette["c" + o.series[high].color])})),
      axes: [
        {...axis, size: 32, gap: 6, space: narrow() ? 56 : 76, ...o.xAxis},
        {...axis, size: narrow() ? 56 : 66, gap: 6, space: 34,
          values: (u, splits) => splits.map(v => v === null ? "" : o.axis(v)),
          ...(chart.log ? {filter: (u, splits) => splits.map(v => isRound(v) ? v : null)} : {})},
      ],
      series: [{}, ...order.map(i => [o.series[i], i]).map(([s, i]) => ({
        show: chart.shown[i], width: s.style === "wide" ? 5 : s.width || 1.6, spanGaps: !!s.spanGaps, dash: dashes[s.style],
        stroke: () => palette[s.style === "wide" ? "wide" : "c" + s.color],
        ...(o.stacked ? {fill: () => palette["c" + s.color], width: 0, paths: uPlot.paths.bars({size: [0.9, 60], gap: 0})} : {}),
        ...(s.style === "wide" ? {points: {show: false}} : {points: {fill: () => palette.card}}),
        ...(o.stacked ? {points: {show: false}} : {}),
        ...(s.points ? {paths: () => null, points: {show: true, size: 5, width: 0, fill: () => palette["c" + s.color]}} : {}),
        ...(s.steps ? {paths: stairs, points: {show: false}} : {}),
      }))],
      hooks: {
        setCursor: [u => show(u.cursor.idx ?? null)],
        setSelect: [u => {
          if (!o.time || u.select.width === 0) return;
          link(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
        }],
      },
    };
    chart.u = new uPlot(options, chart.data(), plot);
  };
  chart.rebuild = () => { chart.u.destroy(); build(); };
  build();

  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", figure.querySelector("h3").textContent + ", chart; arrow keys move the cursor" + (o.time ? ", plus, minus and 0 zoom" : ""));
  plot.addEventListener("keydown", e => {
    const u = chart.u, step = {ArrowLeft: -1, ArrowRight: 1}[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (step) {
      const {min, max} = u.scales.x;
      let i = u.cursor.idx === null || u.cursor.idx === undefined ? o.x.findIndex(x => x >= min) : u.cursor.idx + step;
      i = Math.max(0, Math.min(o.x.length - 1, i));
      if (o.x[i] < min || o.x[i] > max) i -= step;
      const left = u.valToPos(o.x[i], "x");
      for (const c of o.time ? Object.values(charts).filter(c => c.u && c.o.time) : [chart]) {
        c.u.setCursor({left: c.u.valToPos(o.x[i], "x"), top: 10}, true, false);
      }
      u.setCursor({left, top: 10}, true, false);
      said.textContent = o.sayX(o.x[i]) + ": " + o.series.map((s, k) => s.name + " " + (s.y[i] === null || s.y[i] === undefined ? "–" : o.format(s.y[i]))).join(", ");
    } else if (o.time && zooms[{"+": "in", "=": "in", "-": "out", "0": "all", "Escape": "all"}[e.key]]) {
      zooms[{"+": "in", "=": "in", "-": "out", "0": "all", "Escape": "all"}[e.key]]();
    } else return;
    e.preventDefault();
  });

  const details = figure.querySelector("details");
  details.addEventListener("toggle", () => {
    const into = details.querySelector(".scroll");
    if (!details.open || into.firstChild) return;
    const table = element("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    for (const name of [o.xName, ...o.series.map(s => s.name)]) {
      const th = element("th", "n", name);
      th.scope = "col";
      head.append(th);
    }
    o.x.forEach((x, i) => {
      if (o.series.every(s => s.y[i] === null || s.y[i] === undefined)) return;
      const row = body.insertRow(), th = element("th", "n", o.sayX(x));
      th.scope = "row";
      row.append(th);
      for (const s of o.series) row.append(element("td", "n", s.y[i] === null || s.y[i] === undefined ? "–" : o.format(s.y[i])));
    });
    into.append(table);
  });
};

// link gives all charts over time the same range.
const rangeText = document.getElementById("range");
const link = (min, max) => {
  min = Math.max(min, whole.min);
  max = Math.min(max, whole.max);
  if (!(max - min > numbers.step / 10)) return;
  current = {min, max};
  for (const c of Object.values(charts)) if (c.u && c.o.time) c.u.setScale("x", current);
  rangeText.textContent = min <= whole.min && max >= whole.max ? "" : clock(min) + " – " + clock(max);
};
const zooms = {
  in: () => { const d = (current.max - current.min) / 4; link(current.min + d, current.max - d); },
  out: () => { const d = (current.max - current.min) / 2; link(current.min - d, current.max + d); },
  left: () => { const d = Math.min((current.max - current.min) / 2, current.min - whole.min); link(current.min - d, current.max - d); },
  right: () => { const d = Math.min((current.max - current.min) / 2, whole.max - current.max); link(current.min + d, current.max + d); },
  all: () => link(whole.min, whole.max),
};

const t = numbers.time;
const overTime = {
  time: true, sync: "andon-time", x: middles, sayX: clock, xName: "time", xRange: () => [current.min, current.max],
  xAxis: {incrs: incrementsOfTime, values: (u, splits) => splits.map(clock)},
};
const times = {format: duration, axis: shortDuration};
const line = (name, y, color, more) => ({name, y: y || [], color, ...more});

make({...overTime, id: "rate", names: true, format: rate, axis: v => short(v) + "/s", series: [
  ...(numbers.closed ? [] : [line("asked", t.asked, 6, {style: "wide"})]), line("sent", t.sent, 1), line("answered", t.answered, 3), ...(t.shed ? [line("shed", t.shed, 2, {style: "dashed"})] : []),
]});
make({...overTime, ...times, id: "latency", logs: true, names: true, empty: "No times were measured.", series: [
  line("p50", t.p50, 1, {steps: true}), line("p90", t.p90, 3, {steps: true}), line("p99", t.p99, 2, {steps: true, width: 2}), line("max", t.max, 6, {steps: true, style: "dotted", width: 1.2}),
]});
const colors = [2, 1, 4, 5, 3, 7, 6];
const counts = {stacked: true, format: commas, axis: v => Number.isInteger(v) ? commas(v) : ""};
const stack = list => list.map((s, i) => line(s.name, s.y, colors[i % colors.length], {style: "block"}));
make({...overTime, ...counts, id: "errors", series: stack(t.errors)});
make({...overTime, ...counts, id: "violations", series: stack(t.violations)});
make({...overTime, id: "flight", format: plain, axis: short, series: [line("in flight", t.inFlight, 1)]});
make({...overTime, ...times, id: "lag", logs: true, empty: "Nothing was due.", series: [
  line("latest", t.lagMax, 6, {style: "wide"}), line("mean", t.lagMean, 1), line("held up by andon", t.ownMax, 2, {style: "dashed"}),
]});

const v = numbers.vitals, overVitals = {...overTime, x: v.at || []};
make({...overVitals, id: "cpu", format: digits, axis: short, series: [line("cores", v.cpu, 1)]});
make({...overVitals, ...times, id: "stalls", logs: true, series: [line("stood still", v.stall, 2), line("garbage collection", v.pause, 1, {style: "dashed"})]});
make({...overVitals, id: "queue", format: commas, axis: short, series: [line("records", v.queue, 1)]});

// Percentiles stand at the logarithm of what lies above them.
const rarity = numbers.rarity;
const named = [0, 50, 90, 95, 99, 99.9, 99.99, 99.999];
const last = Math.max(1, ...[...numbers.tiers, ...numbers.lag].map(c => c.y.reduce((m, y, i) => y === null ? m : Math.max(m, rarity[i]), 0)));
const byPercentile = {
  ...times, x: rarity, logs: true, xName: "percentile", sayX: x => percent(+(100 * (1 - 10 ** -x)).toPrecision(6)), xRange: () => [0, last],
  xAxis: {
    splits: () => named.map(p => -Math.log10(1 - p / 100)).filter(s => s <= last + 1e-9), incrs: [10], // no line beyond the axis
    filter: (u, splits) => splits.map((s, i) => u.width < 500 && (named[i] === 95 || named[i] === 0) ? null : s), values: (u, splits) => splits.map(s => s === null ? "" : percent(+(100 * (1 - 10 ** -s)).toPrecision(6))),
  },
};
const styles = ["", "dashed", "dotted"];
make({...byPercentile, id: "tiers-hdr", series: numbers.tiers.map((c, i) => line(c.name, c.y, i % 7 + 1, {style: styles[i % 3]}))});
make({...byPercentile, id: "lag-hdr", series: numbers.lag.map((c, i) => line(c.name, c.y, i ? 2 : 6, {style: i ? "dashed" : "wide"}))});
const knee = numbers.knee;
make({
  ...times, id: "knee", logs: true, x: knee.rate || [], xName: "rate", sayX: rate, xAxis: {values: (u, splits) => splits.map(s => short(s) + "/s")},
  xRange: (u, min, max) => { const air = (max - min) * 0.03 || 1; return [Math.max(0, min - air), max + air]; },
  series: [line("p50", knee.p50, 1, {points: true, style: "dot"}), ...(knee.name === "p50" ? [] : [line(knee.name, knee.high, 2, {points: true, style: "dot"})])],
});

// Executions are followed for longer than calls are sent, so that their charts have a time of their own.
const e = numbers.executions;
if (e) {
  const followed = {
    sync: "andon-executions", plugins: [loadEnd], sayX: clock, xName: "time", xRange: () => [0, e.end.at(-1) || 1],
    xAxis: {incrs: incrementsOfTime, values: (u, splits) => splits.map(clock)}, empty: "Nothing was seen of them.",
  };
  make({...followed, id: "backlog", x: e.end || [], format: plain, axis: short, bands: [[0, 1]], series: [line("at most", e.backlogHigh, 2), line("at least", e.backlogLow, 2, {style: "dashed"})]});
  // Where little is known of when each ended, the bounds of a stretch are too far apart to be shown in full.
  const most = Math.max(0, ...e.accepted || [], ...e.ended || []) * 1.5 || 1;
  make({...followed, id: "ends", x: e.middle || [], format: rate, axis: v => short(v) + "/s", bands: [[1, 2]], yRange: (u, min, max) => fromZero(u, min, Math.min(max, most)), series: [
    line("accepted", e.accepted, 6, {style: "wide"}), line("ended, at most", e.endedHigh, 3, {style: "dotted", width: 1}), line("ended, at least", e.endedLow, 3, {style: "dashed", width: 1}), ...(e.ended ? [line("ended", e.ended, 3)] : []),
  ]});
}

const places = all(".scroll").filter(p => p.querySelector("table thead") && !p.closest(".heat, details"));

for (const b of all("[data-zoom]")) b.onclick = zooms[b.dataset.zoom];
for (const b of all("[data-log]")) {
  b.onclick = () => {
    const on = b.getAttribute("aria-pressed") !== "true";
    b.setAttribute("aria-pressed", on);
    for (const c of Object.values(charts)) if (c.u && c.o.logs) { c.log = on; c.rebuild(); }
  };
}
document.querySelector(".tools").hidden = false;
for (const b of all("[data-heat]")) {
  b.onclick = () => {
    for (const other of all("[data-heat]")) other.setAttribute("aria-pressed", other === b);
    for (const m of all("[data-map]")) m.hidden = m.dataset.map !== b.dataset.heat;
  };
}
shared.copy();

const redraw = () => {
  readPalette();
  for (const c of Object.values(charts)) if (c.u) c.u.redraw(false, true);
};
shared.theme(redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

const fit = (c, width) => { if (c.u && width > 0 && width !== c.u.width) c.u.setSize({width, height: c.plot.clientHeight}); };
const observer = new ResizeObserver(entries => {
  for (const e of entries) fit(Object.values(charts).find(c => c.plot === e.target), Math.floor(e.contentRect.width));
});
for (const c of Object.values(charts)) observer.observe(c.plot);
const fitTables = () => {
  places.forEach(fold);
  for (const h of all(".heat")) {
    h.classList.remove("tight");
    const wide = p => p.scrollWidth > p.clientWidth + 1;
    if (all(".map:not([hidden]) .scroll", h).some(wide)) h.classList.add("tight");
  }
};
fitTables();
let fitted = document.documentElement.clientWidth;
addEventListener("resize", () => {
  if (fitted === document.documentElement.clientWidth) return; // a phone's bars come and go
  fitted = document.documentElement.clientWidth;
  fitTables();
});

// On paper the charts have the width of the paper, and the colours of the light theme.
let before;
addEventListener("beforeprint", () => {
  before = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  readPalette();
  for (const c of Object.values(charts)) if (c.u) { c.u.setSize({width: 700, height: c.plot.clientHeight}); }
});
addEventListener("afterprint", () => {
  if (before) document.documentElement.dataset.theme = before;
  else delete document.documentElement.dataset.theme;
  readPalette();
  for (const c of Object.values(charts)) if (c.u) { fit(c, c.plot.clientWidth); c.u.redraw(false, true); }
});

// For whoever looks closer with the console of the browser, and for the tests.
globalThis.andon = {numbers, charts, zooms, format: {duration, commas, rate}};
})();
