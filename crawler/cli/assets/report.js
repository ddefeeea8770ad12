"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const config = { displayModeBar: false, responsive: true, locale: "en" };
  const drawn = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colors = { "1xx": "--c3", "2xx": "--c2", "3xx": "--c3", "4xx": "--c4", "5xx": "--c5", failed: "--c6" };

  function layout(extra) {
    const axis = {
      gridcolor: color("--line"), linecolor: color("--line"), zerolinecolor: color("--line"),
      tickfont: { size: 11 }, automargin: true, fixedrange: false, title: { font: { size: 12 } },
    };
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: color("--soft"), family: "system-ui, sans-serif", size: 12 },
      margin: { l: 48, r: 12, t: 8, b: 36 }, bargap: 0.12, hovermode: "x unified",
      hoverlabel: { bgcolor: color("--card"), bordercolor: color("--line"), font: { color: color("--ink") } },
      legend: { orientation: "h", y: 1.16, x: 0, font: { size: 11 } },
    };
    const made = Object.assign(base, extra);
    made.xaxis = Object.assign({}, axis, extra.xaxis);
    made.yaxis = Object.assign({}, axis, extra.yaxis);
    if (extra.yaxis2) made.yaxis2 = Object.assign({}, axis, { overlaying: "y", side: "right", showgrid: false }, extra.yaxis2);
    return made;
  }

  // Each chart is made anew for other colours: it is small, and nothing of the old ones stays.
  const charts = {
    statuses_over_time: () => ({
      data: figures.slots.records.map(([kind, counts]) => ({
        type: "bar", name: kind, x: figures.slots.times, y: counts, marker: { color: color(colors[kind] || "--c3") },
      })),
      layout: layout({ barmode: "stack", bargap: 0, yaxis: { title: { text: "records" } } }),
    }),
    throughput: () => ({
      data: [
        { type: "scatter", mode: "lines", name: "records a second", x: figures.slots.times, y: figures.slots.rate,
          line: { color: color("--c1"), width: 2 }, fill: "tozeroy", fillcolor: color("--c1") + "22" },
        { type: "scatter", mode: "lines", name: "MB a second", x: figures.slots.times, y: figures.slots.megabytes,
          yaxis: "y2", line: { color: color("--c4"), width: 1.5, dash: "dot" } },
      ],
      layout: layout({ margin: { l: 48, r: 48, t: 8, b: 36 }, yaxis: { rangemode: "tozero", title: { text: "records/s" } },
        yaxis2: { rangemode: "tozero", tickmode: "auto", nticks: 4, title: { text: "MB/s" } } }),
    }),
    statuses: () => bars(figures.statuses, (name) => color(colors[/^[1-5][0-9][0-9]$/.test(name) ? name[0] + "xx" : "failed"])),
    errors: () => bars(figures.errors, () => color("--c6")),
    types: () => bars(figures.types, () => color("--c1")),
    depths: () => columns(figures.depths, "links from a seed", "--c1"),
    latencies: () => columns(figures.latencies, "time of the answer, each up to", "--c2"),
    sizes: () => columns(figures.sizes, "decoded size, each up to", "--c1"),
  };

  // Nobody counts half a page.
  function counts(pairs) {
    const few = Math.max(...pairs.map((p) => p[1])) < 6;
    return { rangemode: "tozero", tickformat: ",d", ...(few ? { dtick: 1 } : {}) };
  }

  function bars(pairs, colorOf) {
    const shown = pairs.slice().reverse();
    return {
      data: [{ type: "bar", orientation: "h", y: shown.map((p) => p[0] + " "), x: shown.map((p) => p[1]),
        text: shown.map((p) => p[1].toLocaleString("en")), textposition: "auto", hovertemplate: "%{y}: %{x}<extra></extra>",
        marker: { color: shown.map((p) => colorOf(p[0])) } }],
      layout: layout({ hovermode: "closest", bargap: pairs.length < 4 ? 0.6 : 0.12, yaxis: { type: "category" },
        xaxis: counts(pairs) }),
    };
  }

  function columns(pairs, title, name) {
    return {
      data: [{ type: "bar", x: pairs.map((p) => String(p[0])), y: pairs.map((p) => p[1]), marker: { color: color(name) },
        hovertemplate: "%{x}: %{y}<extra></extra>" }],
      layout: layout({ hovermode: "closest", bargap: pairs.length < 4 ? 0.6 : 0.12,
        xaxis: { type: "category", title: { text: title, font: { size: 12 } } }, yaxis: counts(pairs) }),
    };
  }

  function draw() {
    for (const [name, chart] of Object.entries(charts)) {
      const place = document.getElementById("chart-" + name);
      if (!place) continue;
      const { data, layout: how } = chart();
      drawn.push(Plotly.react(place, data, how, config));
    }
    return Promise.all(drawn.splice(0));
  }

  // Tables: sorted by a click, and long ones shown step by step.
  function sortable(table) {
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending" || !head.classList.contains("n") && !head.hasAttribute("aria-sort");
        table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const numeric = head.classList.contains("n");
        const rows = Array.from(table.tBodies[0].rows);
        rows.sort((a, b) => (numeric ? key(a) - key(b) : key(a).localeCompare(key(b))) * (up ? 1 : -1));
        table.tBodies[0].append(...rows);
        if (table.dataset.step) step(table, Number(table.dataset.shown));
      });
    });
  }

  function step(table, shown) {
    table.dataset.shown = String(shown);
    Array.from(table.tBodies[0].rows).forEach((row, n) => { row.hidden = n >= shown; });
    const button = table.parentElement.parentElement.querySelector("button.more");
    if (button) button.hidden = shown >= table.tBodies[0].rows.length;
  }

  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("table[data-step]").forEach((table) => {
    const size = Number(table.dataset.step);
    if (table.tBodies[0].rows.length <= size) return;
    const button = document.createElement("button");
    button.type = "button"; button.className = "more"; button.textContent = "Show more";
    button.addEventListener("click", () => step(table, Number(table.dataset.shown) + 100));
    table.parentElement.after(button);
    step(table, size);
  });

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  // Paper is white, and nobody can open what is closed on it.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details.finding:not([open])"));
    closed.forEach((one) => { one.open = true; });
    draw();
  });
  addEventListener("afterprint", () => { closed.forEach((one) => { one.open = false; }); draw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  draw().then(() => { document.documentElement.dataset.drawn = "yes"; });
})();
