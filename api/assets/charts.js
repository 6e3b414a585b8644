// Charts: the server drew the SVG in data space (x: seconds since t0, y: 0..1000 from the top of the value axis down).
// This file reads the drawn points back, labels the axes, reads out values, zooms by moving the viewBox (and fetches
// finer values for what is shown), and appends live values. No dependencies; pages are complete without it.
(() => {
  const HEIGHT = 1000, SPOTS = 400, MAX_POINTS = 4000, FEW = 80, root = document.documentElement;
  const all = (selector, node = document) => [...node.querySelectorAll(selector)];
  const number = digits => new Intl.NumberFormat(root.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const ROUND = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
  const TICKS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];

  class Chart {
    constructor(figure) {
      const data = figure.dataset, part = name => figure.querySelector(name);
      Object.assign(this, {
        figure, svg: part("svg"), area: part(".area"), cross: part(".cross"), tip: part(".tip"), brush: part(".brush"),
        line: part("path.line"), dots: part("path.dots"), env: part("path.env"), t0: +data.t0, ymin: +data.ymin, ymax: +data.ymax, gap: +data.gap,
        digits: +data.digits, unit: data.unit, zone: data.zone, source: data.src, metric: data.metric, topic: data.topic,
        live: data.topic != null, follow: true,
      });
      const box = this.svg.getAttribute("viewBox").split(" ").map(Number);
      [this.x0, this.width] = [box[0], box[2]];
      this.home = { x0: this.x0, width: this.width };
      this.points = this.read();
      this.initial = this.points;
      this.listen();
      this.labels();
    }

    // Points are [x, value, low, high].
    read() {
      const runs = path => (path?.getAttribute("d") ?? "").split(/(?=M)/).filter(Boolean)
        .map(run => run.replace(/[MZ]/g, "").split("L").map(pair => pair.trim().split(" ").map(Number)));
      const value = y => this.ymax - y / HEIGHT * (this.ymax - this.ymin), envelopes = runs(this.env);
      return runs(this.line).flatMap((run, index) => {
        const envelope = envelopes[index] ?? [], count = run.length;
        if (count == 2 && run[0][0] == run[1][0]) run = run.slice(0, 1);
        return run.map(([x, y], at) => [x, value(y), value((envelope[at] ?? [x, y])[1]),
          value((envelope.length == 2 * run.length ? envelope[envelope.length - 1 - at] : [x, y])[1])]);
      });
    }

    draw() {
      const y = value => ((this.ymax - value) / (this.ymax - this.ymin) * HEIGHT).toFixed(2), runs = [];
      this.points.forEach((point, index) => {
        const before = this.points[index - 1];
        if (!before || (this.gap > 0 && point[0] - before[0] > this.gap)) runs.push([]);
        runs.at(-1).push(point);
      });
      this.line.setAttribute("d", runs.map(run => "M" + (run.length == 1 ? [run[0], run[0]] : run).map(p => `${p[0]} ${y(p[1])}`).join("L")).join(""));
      this.env?.setAttribute("d", runs.map(run => "M" + run.map(p => `${p[0]} ${y(p[2])}`).concat(run.toReversed().map(p => `${p[0]} ${y(p[3])}`)).join("L") + "Z").join(""));
      const few = this.points.length <= FEW;
      this.dots?.setAttribute("d", runs.filter(run => few || run.length == 1).flat().map(p => `M${p[0]} ${y(p[1])}h0`).join(""));
      const none = this.figure.querySelector(".nodata");
      if (none) none.hidden = this.points.length > 0;
    }

    // A round axis of four steps around the values; the bands of limits move with it.
    fit() {
      const shown = this.points.filter(p => p[0] >= this.x0 && p[0] <= this.x0 + this.width);
      if (!shown.length) return;
      let low = Math.min(...shown.map(p => p[2])), high = Math.max(...shown.map(p => p[3]));
      const limits = all("[data-limit]", this.svg), reach = 2 * Math.max(high - low, Math.abs(high) * .1);
      for (const limit of limits.map(l => +l.dataset.limit)) if (limit >= low - reach && limit <= high + reach) [low, high] = [Math.min(low, limit), Math.max(high, limit)];
      const span = Math.max(high - low, Math.max(Math.abs(low), Math.abs(high)) * .02, 1e-9);
      for (let power = Math.floor(Math.log10(span / 4)); ; power++) for (const round of [1, 2, 2.5, 5]) {
        const step = round * 10 ** power, min = Math.floor(low / step) * step;
        if (min + 4 * step < high) continue;
        [this.ymin, this.ymax, this.digits] = [min, min + 4 * step, Math.min(9, Math.max(0, -(round == 2.5 ? power - 1 : power))) + 1];
        limits.forEach(limit => this.place(limit));
        return this.draw();
      }
    }

    // A limit within the axis is a line; one beyond it is an arrow with its value, and the band fills the picture or is none.
    place(limit) {
      const value = +limit.dataset.limit, seen = value >= this.ymin && value <= this.ymax, band = limit.previousElementSibling;
      const y = Math.min(HEIGHT, Math.max(0, (this.ymax - value) / (this.ymax - this.ymin) * HEIGHT)), above = "above" in limit.dataset;
      limit.setAttribute("y1", y); limit.setAttribute("y2", y); limit.setAttribute("visibility", seen ? "visible" : "hidden");
      band.setAttribute("y", above ? 0 : y); band.setAttribute("height", above ? y : HEIGHT - y);
      for (const arrow of all("[data-beyond]", this.figure)) if (+arrow.dataset.beyond == value) {
        const up = value > this.ymax;
        arrow.hidden = seen; arrow.classList.toggle("up", up); arrow.classList.toggle("down", !up); arrow.firstElementChild.textContent = up ? "↑" : "↓";
      }
    }

    xAt(px) { return this.x0 + px / this.area.clientWidth * this.width; }
    px(x) { return (x - this.x0) / this.width * this.area.clientWidth; }
    view(x0, width) {
      [this.x0, this.width] = [x0, width];
      this.svg.setAttribute("viewBox", `${x0} 0 ${width} ${HEIGHT}`);
      for (const limit of all("[data-limit]", this.svg)) {
        const band = limit.previousElementSibling;
        band.setAttribute("x", x0 - width); band.setAttribute("width", 3 * width);
        limit.setAttribute("x1", x0 - width); limit.setAttribute("x2", x0 + 2 * width);
      }
      this.labels();
    }
    time(seconds, options) { return new Intl.DateTimeFormat(root.lang, { timeZone: this.zone, hourCycle: "h23", ...options }).format(seconds * 1000); }
    offset(seconds) {
      const local = new Intl.DateTimeFormat("en-CA", { timeZone: this.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(seconds * 1000);
      return Math.round(Date.parse(local.replace(", ", "T") + "Z") / 1000 - seconds);
    }

    labels() {
      const wanted = this.width / Math.max(2, this.area.clientWidth / 120), step = TICKS.find(s => s >= wanted) ?? 2592000;
      const start = this.t0 + this.x0, offset = this.offset(Math.floor(start)), labels = [];
      for (let at = Math.ceil((start + offset) / step) * step - offset; at < start + this.width; at += step) {
        const place = (at - start) / this.width * 100;
        if (place < 3 || place > 97) continue;
        const midnight = step >= 86400 || (step >= 3600 && (at + offset) % 86400 == 0);
        const text = this.time(at, midnight ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined });
        labels.push(Object.assign(document.createElement("span"), { textContent: text, style: `left:${place}%` }));
      }
      this.figure.querySelector(".xlab").replaceChildren(...labels);
      const format = number(Math.max(0, this.digits - 1)), step4 = (this.ymax - this.ymin) / 4;
      this.figure.querySelector(".ylab").replaceChildren(...[0, 1, 2, 3, 4].map(row =>
        Object.assign(document.createElement("span"), { textContent: format.format(this.ymax - row * step4), style: `top:${row * 25}%` })));
      for (const flag of all(".flag", this.figure)) { const px = this.px(+flag.dataset.x); flag.style.left = px + "px"; flag.classList.toggle("before", px > this.area.clientWidth / 2); flag.hidden = px < 0 || px > this.area.clientWidth; }
    }

    near(x) {
      let low = 0, high = this.points.length - 1;
      while (high - low > 1) { const middle = low + high >> 1; if (this.points[middle][0] < x) low = middle; else high = middle; }
      return x - this.points[low][0] < this.points[high][0] - x ? this.points[low] : this.points[high];
    }
    readout(x) {
      const point = x == null || !this.points.length ? null : this.near(x), px = point && this.px(point[0]);
      this.cross.hidden = this.tip.hidden = !point || px < 0 || px > this.area.clientWidth;
      if (this.cross.hidden) return;
      const format = number(this.digits), day = this.width > 80000 ? { day: "numeric", month: "short" } : {};
      const range = point[3] > point[2] ? `  (${format.format(point[2])} – ${format.format(point[3])})` : "";
      this.cross.style.left = px + "px";
      this.tip.textContent = `${this.time(this.t0 + point[0], { ...day, hour: "2-digit", minute: "2-digit", second: this.width < 90000 ? "2-digit" : undefined })}  ${format.format(point[1])} ${this.unit}${range}`;
      this.tip.style.left = (px > this.area.clientWidth / 2 ? Math.max(0, px - this.tip.offsetWidth - 8) : px + 8) + "px";
    }

    listen() {
      const area = this.area;
      area.addEventListener("pointermove", event => {
        if (this.drag != null) { this.brush.hidden = false; this.brush.style.left = Math.min(this.drag, event.offsetX) + "px"; this.brush.style.width = Math.abs(event.offsetX - this.drag) + "px"; }
        Chart.all.forEach(chart => chart.readout(this.xAt(event.offsetX) + this.t0 - chart.t0));
      });
      area.addEventListener("pointerleave", () => Chart.all.forEach(chart => chart.readout(null)));
      area.addEventListener("pointerdown", event => { if (event.pointerType == "mouse" && event.button == 0 && !event.target.closest("a")) { this.drag = event.offsetX; area.setPointerCapture(event.pointerId); } });
      area.addEventListener("pointerup", event => {
        const from = this.drag; this.drag = null; this.brush.hidden = true;
        if (from == null || Math.abs(event.offsetX - from) < 9) return;
        const [left, right] = [from, event.offsetX].sort((a, b) => a - b).map(px => this.xAt(px) + this.t0);
        Chart.all.forEach(chart => chart.zoom(left - chart.t0, right - left));
      });
      area.addEventListener("pointercancel", () => { this.drag = null; this.brush.hidden = true; });
      area.addEventListener("dblclick", () => Chart.all.forEach(chart => chart.reset()));
      if (this.live) document.addEventListener("live:" + this.topic, event => this.news(event.detail));
    }

    zoom(x0, width) { this.follow = false; this.view(x0, width); this.fetch(); }
    reset() {
      this.follow = true; this.points = this.initial;
      const last = this.points.at(-1)?.[0] ?? 0, end = this.live ? Math.max(this.home.x0 + this.home.width, last) : this.home.x0 + this.home.width;
      this.view(end - this.home.width, this.home.width); this.fit(); this.draw(); this.labels();
    }

    // Finer values for what is shown: one by one where that is few, else the extremes and mean of round buckets.
    async fetch() {
      if (!this.source) return;
      const round = ROUND.find(step => step >= this.width / SPOTS) ?? 86400, from = this.t0 + this.x0, asked = this.asked = {};
      const query = new URLSearchParams({ metric: this.metric, from: Math.floor(from * 1000), to: Math.ceil((from + this.width) * 1000), limit: 2000 });
      if (this.width > 900) { query.set("bucket", `PT${round}S`); query.set("aggregates", "min,max,avg"); }
      const answer = await fetch(`${this.source}?${query}`, { headers: { accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || this.asked !== asked || this.follow) return;
      const { items } = await answer.json();
      if (this.asked !== asked || this.follow) return;
      this.points = items.map(item => { const x = item.ts / 1000 - this.t0, value = item.avg ?? item.value; return [item.avg == null ? x : x + round / 2, value, item.min ?? value, item.max ?? value]; });
      this.fit(); this.labels();
    }

    news(detail) {
      let changed = false;
      for (const [metric, ms, value] of detail.samples) {
        if (metric != this.metric) continue;
        const x = ms / 1000 - this.t0, last = this.initial.at(-1);
        if (last && x <= last[0]) continue;
        this.initial.push([x, value, value, value]);
        if (this.initial.length > MAX_POINTS) this.initial.shift();
        this.figure.querySelector("[data-now]").textContent = number(this.digits).format(value);
        changed = true;
      }
      if (!changed || !this.follow) return;
      const last = this.initial.at(-1);
      if (last[0] > this.x0 + this.width) this.view(last[0] + this.width * .02 - this.width, this.width);
      if (last[1] > this.ymax || last[1] < this.ymin || this.initial.length < 3) { this.fit(); this.labels(); } else this.draw();
    }
  }

  Chart.all = all("[data-chart]").map(figure => new Chart(figure));
  addEventListener("resize", () => Chart.all.forEach(chart => chart.labels()));
})();
