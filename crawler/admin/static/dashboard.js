"use strict";
// Asks /api/state once a second and shows it. All that comes from there goes into text nodes only.

const STATES = ["done", "dead", "leased", "waiting", "ready"];
const SAID = { leased: "out" };
const EVERY_MS = 1000, HIDDEN_MS = 20000, TIMEOUT_MS = 8000, SLOWEST_MS = 5000, HOSTS_MS = 5000;
const WINDOW = 5; // rows that a rate is taken over
const KEPT = 600;
const LISTED_HOSTS = 8; // fewer in a state are all there are
const EACH_MS = 10000; // what failures are counted over
const by = (id) => document.getElementById(id);

let latency = []; // [at, p50, p90, p99], as seen by this page
let startedAt = null, failures = 0, lostSince = null, timer = null, last = null;
let allHosts = null, hostsAt = 0, shown = null;

// -- saying -----------------------------------------------------------------------------------------

const count = (n) => (n ?? 0).toLocaleString("en");
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

function size(n) {
  if (n == null) return "–";
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (n < 1000 || unit === "TB") return `${unit === "B" ? Math.round(n) : n.toFixed(1)} ${unit}`;
    n /= 1000;
  }
}

function span(seconds) {
  const s = Math.max(0, Math.round(seconds)), two = (n) => String(n).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
  return `${Math.floor(s / 86400)} d ${two(Math.floor((s % 86400) / 3600))} h`;
}

const ms = (n) => (n == null ? "–" : n >= 10000 ? `${(n / 1000).toFixed(1)} s` : `${Math.round(n)} ms`);
const clock = (at) => new Date(at).toLocaleTimeString();

function say(id, text) {
  const node = by(id);
  if (node.textContent !== text) node.textContent = text;
}

function element(name, text, className) {
  const node = document.createElement(name);
  if (text != null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

// Rows are kept and changed in place, so that focus and selection stay where they are.
function rows(id, items, cells) {
  const body = by(id);
  items.forEach((item, number) => {
    const row = body.rows[number] ?? body.insertRow();
    cells(item).forEach(([text, className, act], column) => {
      let cell = row.cells[column];
      if (!cell) {
        cell = element(column ? "td" : "th");
        if (!column) cell.scope = "row";
        row.append(cell);
        if (act) cell.append(element("button", null, "host"));
      }
      const target = act ? cell.firstElementChild : cell;
      if (act) { target.type = "button"; target.onclick = act; }
      if (target.textContent !== text) target.textContent = text;
      if (!act && cell.className !== (className ?? "")) cell.className = className ?? "";
    });
  });
  while (body.rows.length > items.length) body.deleteRow(-1);
}

function named(id, values, none) {
  const items = Object.entries(values ?? {}).filter(([, n]) => n).sort((a, b) => b[1] - a[1]);
  if (items.length > 9) items.push([`${items.length - 8} others`, items.splice(8).reduce((sum, [, n]) => sum + n, 0)]);
  rows(id, items.length ? items : [[none, null]], ([name, n]) => [[name], [n == null ? "" : count(n), "n"]]);
}

// -- the state --------------------------------------------------------------------------------------

function show(state) {
  last = state;
  if (state.state === "starting") return head(state, "starting");
  if (state.started_at !== startedAt) { startedAt = state.started_at; latency = []; }
  const p = state.latency_ms ?? {};
  if (p.p50 != null && (latency.at(-1)?.[0] ?? 0) < state.at) latency.push([state.at, p.p50, p.p90, p.p99]);
  latency = latency.slice(-KEPT);
  head(state, state.state);
  figures(state);
  where(state);
  tables(state);
  charts(state);
}

function head(state, word) {
  document.body.className = word;
  say("word", word);
  say("job", state.job ?? "");
  say("version", state.version ? `QuasiCrawler ${state.version}` : "");
  say("elapsed", state.started_at ? `for ${span((state.at - state.started_at) / 1000)} ·` : "");
  const c = state.counters ?? {}, sign = { running: "▶", paused: "⏸", stopping: "⏹" }[word] ?? "…";
  document.title = word === "running"
    ? `${sign} ${(state.rate ?? 0).toFixed(1)}/s, ${count(c.records)} records · QuasiCrawler`
    : `${sign} ${word} · QuasiCrawler`;
  const stuck = state.ready === false && word !== "starting" ? `No progress: ${state.why}` : "";
  banner({ paused: holds(state), stopping: `Stopping: ${state.bound?.what ?? ""}`, starting: `Starting: ${state.why ?? ""}` }[word] || stuck);
}

function holds(state) {
  const said = { operator: "by the operator (crawler resume goes on)", disk: "the disk is nearly full (goes on by itself once there is room)" };
  return `Paused: ${(state.holds ?? []).map((hold) => said[hold] ?? hold).join("; ")}`;
}

function banner(text) {
  by("banner").hidden = !text;
  say("banner", text || "");
}

function figures(state) {
  const c = state.counters, history = state.history ?? [];
  say("pages", count(c.records));
  say("pages-note", `${plural(known(c), "URL")} known: ${count(c.done)} done, ${count(c.dead)} dead`);
  say("rate", `${(state.rate ?? 0).toFixed(1)}/s`);
  const spent = (state.at - state.started_at) / 1000;
  say("rate-note", `${(((c.records ?? 0) - (state.pages_at_start ?? 0)) / Math.max(1, spent)).toFixed(1)}/s in this run`);
  say("bytes", size(c.bytes));
  say("bytes-note", `${size(rate(history, 2, 10).at(-1) ?? 0)}/s; ${size(state.disk_free_bytes)} free`);
  say("failures", count(c.failures));
  by("failures").className = `figure${c.failures ? " warn" : ""}`;
  say("failures-note", plural(c.retries ?? 0, "retry", "retries"));
  const p = state.latency_ms ?? {};
  say("latency", ms(p.p50));
  say("latency-note", `90 %: ${ms(p.p90)}, 99 %: ${ms(p.p99)}`);
  const ready = (state.readers ?? []).length;
  say("readers", state.readers_configured == null ? "–" : `${ready} of ${state.readers_configured}`);
  say("readers-note", `${plural(state.in_flight ?? 0, "URL")} out, ${plural(state.restarts ?? 0, "restart")}`);
}

const known = (counters) => STATES.reduce((sum, name) => sum + (counters[name] ?? 0), 0);

function where(state) {
  const c = state.counters, all = known(c), bound = state.bound ?? {};
  say("bound", `${bound.what ?? ""}${bound.seconds_left == null ? "" : `, about ${span(bound.seconds_left)} left`}`);
  const bar = by("bar"), legend = by("legend");
  STATES.forEach((name, number) => {
    const part = bar.children[number] ?? bar.appendChild(element("span", null, name));
    const n = c[name] ?? 0;
    part.style.flex = all && n ? `${n} 1 2px` : "0 0 0";
    const line = legend.children[number] ?? legend.appendChild(element("li"));
    if (!line.firstChild) line.append(element("span", null, `swatch ${name}`), element("span"));
    line.lastChild.textContent = `${count(n)} ${SAID[name] ?? name}`;
  });
  bar.setAttribute("aria-label", STATES.map((name) => `${count(c[name])} ${SAID[name] ?? name}`).join(", "));
}

function why(host) {
  if (host.halted) return ["paused by the operator", "warn"];
  const again = host.paused_for_ms > 0 ? `; again in ${span(host.paused_for_ms / 1000)}` : "";
  if (host.failures_in_row) {
    const times = host.failures_in_row === 1 ? "once" : `${host.failures_in_row} times in a row`;
    return [`failing: ${host.last_failure}, ${times}${again}`, "bad"];
  }
  if (again) return [`asked us to wait ${span(host.paused_for_ms / 1000)}`, "warn"];
  if (host.ready + host.leased === 0) return [host.waiting ? "for later" : "nothing left", "quiet"];
  const slowed = host.throttled ? `, slowed us down ${host.throttled} times` : "";
  return [(host.delay_ms ? `every ${host.delay_ms / 1000} s` : "no delay") + slowed, "quiet"];
}

function tables(state) {
  by("more").hidden = allHosts != null || (state.hosts ?? []).length < LISTED_HOSTS;
  rows("hosts", allHosts ?? state.hosts ?? [], (host) => [
    [host.host, null, () => { location.hash = `host=${encodeURIComponent(host.host)}`; }],
    [count(host.ready + host.waiting), "n"], [count(host.leased), "n"], [count(host.done), "n"],
    [ms(host.latency_ms), "n"], why(host),
  ]);
  named("statuses", state.statuses, "none yet");
  named("errors", state.errors, "none");
  rows("processes", state.readers ?? [], (reader) => [
    [`${reader.pid}${reader.ready === false ? " (starting)" : ""}`], [count(reader.held), "n"], [size(reader.rss_bytes), "n"],
  ]);
}

// -- charts -----------------------------------------------------------------------------------------

// For each row the growth of one column over the rows before it, for one second.
function rate(history, column, window = WINDOW) {
  return history.map((row, number) => {
    const first = history[Math.max(0, number - window)];
    return row[0] > first[0] ? Math.max(0, ((row[column] - first[column]) * 1000) / (row[0] - first[0])) : 0;
  });
}

// How much one column grew in each span of time; nothing is scaled, so a point is what happened.
function grown(history, column) {
  const counts = new Map(), span = (at) => Math.floor(at / EACH_MS) * EACH_MS;
  if (!history.length) return counts;
  for (let at = span(history[0][0]); at <= history.at(-1)[0]; at += EACH_MS) counts.set(at, 0);
  history.forEach((row, number) => {
    const more = number ? Math.max(0, row[column] - history[number - 1][column]) : 0;
    counts.set(span(row[0]), counts.get(span(row[0])) + more);
  });
  return counts;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function line(x, y, name, paint, more = {}) {
  return { x, y, name, type: "scatter", mode: "lines", line: { color: colour(paint), width: 1.6 }, hovertemplate: "%{y}", ...more };
}

// A minute at least, so that a young crawl has whole seconds on its axis.
function shownTime(x) {
  const end = x.at(-1) ?? new Date(), begin = x[0] ?? end;
  return [new Date(Math.min(begin, end - 60000)), end];
}

function draw(id, traces, label, tickformat = "~s") {
  const node = by(id);
  node.setAttribute("aria-label", label);
  if (!window.Plotly) { say(id, "No charts: plotly is not installed with the crawler (pip install '.[admin]' in the clone of quasicrawler)."); return; }
  const grid = { gridcolor: colour("line"), zerolinecolor: colour("line"), fixedrange: true };
  Plotly.react(node, traces, {
    margin: { l: 46, r: 8, t: 6, b: 26 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("quiet"), size: 11 }, hovermode: "x unified", showlegend: traces.length > 1,
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
    xaxis: { type: "date", ...grid, showgrid: false, nticks: 6, tickformat: "%H:%M:%S", range: shownTime(traces[0].x) }, yaxis: { rangemode: "tozero", tickformat, nticks: 5, ...grid },
  }, { displayModeBar: false, responsive: true });
}

function charts(state) {
  const history = state.history ?? [], x = history.map((row) => new Date(row[0]));
  if (document.hidden) return;
  const fill = (paint) => ({ fill: "tozeroy", fillcolor: `${colour(paint)}22` });
  const pages = rate(history, 1), bytes = rate(history, 2);
  draw("chart-rate", [line(x, pages, "records", "accent", { ...fill("accent"), hovertemplate: "%{y:.1f}/s" })], `${(pages.at(-1) ?? 0).toFixed(1)} records per second`);
  draw("chart-bytes", [line(x, bytes, "bytes", "leased", { ...fill("leased"), hovertemplate: "%{y:.3s}B/s" })], `${size(bytes.at(-1) ?? 0)} per second`);
  // Each span is a step; the last one goes on to now.
  const steps = (name, column, paint) => {
    const counts = [...grown(history, column)], end = history.at(-1)?.[0] ?? state.at;
    const at = [...counts.map(([begin]) => begin), end], n = counts.map(([, number]) => number);
    return line(at.map((one) => new Date(one)), [...n, n.at(-1) ?? 0], name, paint, { line: { color: colour(paint), width: 1.6, shape: "hv" } });
  };
  draw("chart-errors", [
    steps("failures", 3, "dead"), steps("retries", 4, "waiting"),
  ], `${count(state.counters.failures)} failures in all`, "~g");
  const frontier = [["ready", 5], ["waiting", 6], ["dead", 7], ["done", 8]].filter(([, column]) => history[0]?.length > column);
  draw("chart-frontier", frontier.map(([name, column]) => line(x, history.map((row) => row[column]), name, name === "ready" ? "accent" : name, { hovertemplate: "%{y:,}" })),
    frontier.map(([name]) => `${count(state.counters[name])} ${name}`).join(", "));
  by("chart-latency").parentElement.hidden = !latency.length;
  if (!latency.length) return;
  const at = latency.map((row) => new Date(row[0]));
  draw("chart-latency", [[1, "median", "done"], [2, "90 %", "waiting"], [3, "99 %", "dead"]].map(([column, name, paint]) =>
    line(at, latency.map((row) => row[column]), name, paint, { hovertemplate: "%{y:.0f} ms" })), `median ${ms(latency.at(-1)?.[1])}`, "");
}

// -- one host ---------------------------------------------------------------------------------------

const moment = (at) => (at ? new Date(at).toLocaleString([], { dateStyle: "short", timeStyle: "short" }) : "–");

function facts(pairs) {
  const list = element("dl");
  for (const [name, text] of pairs) if (text != null) list.append(element("dt", name), element("dd", text));
  return list;
}

function describe(host) {
  const [reason, tone] = why(host);
  const pages = host.page_limit == null ? count(host.pages) : `${count(host.pages)} of ${count(host.page_limit)}`;
  return [
    element("p", reason, `bound ${tone}`),
    facts([
      ["URLs", `${count(host.ready)} ready, ${count(host.leased)} out, ${count(host.waiting)} waiting, ${count(host.done)} done, ${count(host.dead)} dead`],
      ["Pages", pages],
      ["Next turn", host.next_in_ms > 0 ? `in ${ms(host.next_in_ms)}` : "now"],
      ["Delay", host.delay_ms ? ms(host.delay_ms) : "none"],
      ["robots.txt asks for", host.crawl_delay_ms ? ms(host.crawl_delay_ms) : null],
      ["Latency", ms(host.latency_ms)],
      ["Last failure", host.last_failure],
      ["Slowed us down", host.throttled ? `${count(host.throttled)} times` : null],
    ]),
    ...table("robots.txt", ["Origin", "What it says", "Status", "Read", "Holds until", "Failures in a row"], (host.origins ?? []).map((gate) => [
      gate.origin, verdict(gate), gate.status ?? "–", moment(gate.fetched_at), moment(gate.expires_at), count(gate.failures),
    ])),
    ...table("URLs that wait or are dead", ["URL", "State", "Why", "Due", "Tries", "Depth"], (host.urls ?? []).map((url) => [
      url.url, url.state, url.reason ?? "–", moment(url.due_at), count(url.tries), count(url.depth),
    ])),
  ];
}

function verdict(gate) {
  if (gate.gone) return "given up: the origin cannot be reached";
  if (gate.asked_until) return "being asked";
  if (gate.obstacle) return `no answer (${gate.obstacle}), asked again ${moment(gate.due)}`;
  return { rules: "rules that are kept to", allow: "there is none: all is allowed" }[gate.verdict] ?? "not asked yet";
}

function table(title, names, lines) {
  const box = element("div", null, "scroll");
  if (!lines.length) return [element("h3", title), element("p", "none", "quiet")];
  const grid = element("table"), top = grid.createTHead().insertRow(), body = grid.createTBody();
  for (const name of names) { const cell = element("th", name); cell.scope = "col"; top.append(cell); }
  for (const texts of lines) {
    const row = body.insertRow();
    for (const text of texts) row.append(element("td", String(text), "text"));
  }
  box.append(grid);
  return [element("h3", title), box];
}

async function showHost(host) {
  const dialog = by("detail");
  say("detail-title", host);
  by("detail-body").replaceChildren(element("p", "…"));
  shown = host;
  if (!dialog.open) dialog.showModal();
  let parts;
  try {
    const answer = await ask(`api/hosts/${encodeURIComponent(host)}`);
    const found = await answer.json();
    parts = answer.ok ? describe(found) : [element("p", found.error ?? answer.status, "bad")];
  } catch (error) { parts = [element("p", `No answer: ${error.message}`, "bad")]; }
  if (shown === host) by("detail-body").replaceChildren(...parts);
}

function follow() {
  const found = /^#host=(.+)$/.exec(location.hash);
  if (found) showHost(decodeURIComponent(found[1]));
  else if (by("detail").open) by("detail").close();
}

// -- asking -----------------------------------------------------------------------------------------

const ask = (path) => fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), credentials: "same-origin", cache: "no-store" });

async function poll() {
  clearTimeout(timer);
  let next = EVERY_MS;
  try {
    const answer = await ask("api/state");
    if (answer.status === 401) throw new Error("a token is needed: open this page once as /?token=TOKEN");
    if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
    const state = await answer.json();
    failures = 0; lostSince = null;
    if (allHosts && performance.now() - hostsAt > HOSTS_MS) await loadHosts();
    show(state);
  } catch (error) {
    failures += 1;
    lost(error);
    next = Math.min(SLOWEST_MS, EVERY_MS * 2 ** Math.min(failures, 4));
  }
  timer = setTimeout(poll, document.hidden ? Math.max(next, HIDDEN_MS) : next);
}

function lost(error) {
  lostSince ??= Date.now();
  document.body.className = "lost";
  say("word", "connection lost");
  document.title = "⚠ connection lost · QuasiCrawler";
  const detail = /token|answers/.test(error.message) ? error.message : "the crawl has ended, or cannot be reached; this page goes on by itself when it is there again";
  banner(`No news since ${clock(last?.at ?? lostSince)}: ${detail}`);
}

async function loadHosts() {
  hostsAt = performance.now();
  const answer = await ask("api/hosts?limit=200");
  if (answer.ok) allHosts = (await answer.json()).hosts;
}

by("more").onclick = async () => { await loadHosts().catch(() => {}); if (last) tables(last); };
by("detail").addEventListener("close", () => { shown = null; if (location.hash) history.replaceState(null, "", location.pathname + location.search); });
addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (last?.counters) charts(last); });
poll();
follow();
