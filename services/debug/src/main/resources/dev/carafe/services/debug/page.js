// Asks for the figures once a second while somebody looks, and writes them into the page as text, never as markup.

const EVERY = 1000;
const PATIENCE = 8000;
const SAMPLES = 90;
const SVG = 'http://www.w3.org/2000/svg';

const byId = (id) => document.getElementById(id);
const history = {};
const lastCpu = new Map();
let paused = false;
let last = null;
let shownGraph = '';

// ---- writing ---------------------------------------------------------------------------------------------------

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

// A cell: text, or {text, className, small, title}.
function fill(cell, value) {
  const full = typeof value === 'string' ? { text: value } : value;
  const mark = JSON.stringify(full);
  if (cell.mark === mark) return;
  cell.mark = mark;
  cell.className = full.cell ?? '';
  cell.title = full.title ?? '';
  const inner = full.className ? element('span', full.className, full.text) : full.text;
  cell.replaceChildren(...(full.small ? [element('small', '', full.small), inner] : [inner]));
}

// Keeps the rows of a table by key: what did not change is not touched, so that it can be selected and read.
function table(body, rows, empty) {
  const known = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const wanted = rows.length
    ? rows
    : [{ key: '\n', cells: [{ text: empty, cell: 'empty' }], span: body.parentElement.tHead.rows[0].cells.length }];
  wanted.forEach(({ key, cells, span }, at) => {
    let row = known.get(key);
    if (!row) {
      row = document.createElement('tr');
      row.dataset.key = key;
      cells.forEach(() => row.append(document.createElement('td')));
    }
    known.delete(key);
    cells.forEach((value, i) => fill(row.children[i], value));
    if (span) row.children[0].colSpan = span;
    if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
  });
  known.forEach((row) => row.remove());
}

// ---- words for figures -----------------------------------------------------------------------------------------

function bytes(count) {
  if (count < 1024) return `${count} B`;
  const unit = Math.min(Math.floor(Math.log2(count) / 10), 5);
  const value = count / 2 ** (10 * unit);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${'KMGTP'[unit - 1]}iB`;
}

function duration(millis) {
  if (millis < 10) return `${millis.toFixed(1)} ms`;
  if (millis < 1000) return `${Math.round(millis)} ms`;
  const seconds = millis / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function clock(instant) {
  const time = new Date(instant);
  return Number.isNaN(time.getTime()) ? String(instant) : time.toLocaleTimeString('en-GB');
}

function day(instant) {
  const time = new Date(instant);
  if (Number.isNaN(time.getTime())) return String(instant);
  return time.toDateString() === new Date().toDateString() ? clock(instant) : time.toISOString().slice(0, 16).replace('T', ' ');
}

const percent = (share) => `${share < 10 ? share.toFixed(1) : Math.round(share)} %`;

// The share of one processor that was used since the figures before, or null.
function cpuShare(key, nanos, millis) {
  const before = lastCpu.get(key);
  if (before && millis <= before.millis) return before.share;
  const share = before ? Math.max(0, (nanos - before.nanos) / 1e4 / (millis - before.millis)) : null;
  lastCpu.set(key, { nanos, millis, share });
  return share;
}

// ---- parts of the page -----------------------------------------------------------------------------------------

function tile(key, label, value, note, sample, bad) {
  let box = byId(`tile-${key}`);
  if (!box) {
    box = element('div', 'tile', element('dt', '', label), element('dd', '', '', element('small')));
    box.id = `tile-${key}`;
    box.querySelector('dd').prepend(document.createTextNode(''));
    byId('tiles').append(box);
    if (sample !== undefined) {
      const chart = document.createElementNS(SVG, 'svg');
      chart.setAttribute('viewBox', `0 0 ${SAMPLES - 1} 20`);
      chart.setAttribute('preserveAspectRatio', 'none');
      chart.setAttribute('aria-hidden', 'true');
      chart.append(document.createElementNS(SVG, 'polyline'));
      box.append(chart);
    }
  }
  box.classList.toggle('bad', Boolean(bad));
  const amount = box.querySelector('dd');
  if (amount.firstChild.data !== value) amount.firstChild.data = value;
  text(amount.querySelector('small'), note);
  if (sample !== undefined) chart(box, key, sample);
}

function chart(box, key, sample) {
  const samples = (history[key] ??= []);
  samples.push(sample);
  if (samples.length > SAMPLES) samples.shift();
  const most = Math.max(...samples);
  const least = Math.min(...samples);
  const span = Math.max(most - least, most * 0.1, 1e-9);
  const points = samples.map((value, i) => `${SAMPLES - samples.length + i},${(18 - (16 * (value - least)) / span).toFixed(1)}`);
  box.querySelector('polyline').setAttribute('points', points.join(' '));
}

function showProcess(now) {
  const own = now.process;
  const millis = new Date(now.now).getTime();
  const share = cpuShare('daemon', own.cpuNanos, millis) ?? 0;
  const failed = now.plugins.list.filter((plugin) => plugin.state === 'failed').length;
  const running = now.plugins.list.filter((plugin) => plugin.state === 'running').length;
  text(byId('facts'), `${now.version} · process ${own.pid} · up ${duration(own.uptimeMillis)}`);
  tile('cpu', 'CPU', percent(share), `of ${own.processors * 100} %`, share);
  tile('rss', 'Memory', bytes(own.rss ?? 0), 'resident', own.rss ?? 0);
  tile('heap', 'Heap', bytes(own.heap), `of ${bytes(own.heapMax)}`, own.heap);
  tile('threads', 'Threads', String(own.threads ?? 0), '', own.threads ?? 0);
  tile('descriptors', 'Open files', String(own.descriptors ?? 0), own.descriptorLimit ? `of ${own.descriptorLimit}` : '', own.descriptors ?? 0);
  tile('tasks', 'Tasks', String(now.tasks.count), '', now.tasks.count);
  tile('plugins', 'Plugins', failed ? `${failed} failed` : String(running), failed ? `${running} running` : `of ${now.plugins.list.length} running`, undefined, failed);
}

function stale(part) {
  if (!part.known) return 'not known yet';
  return part.ageMillis > 4000 ? `as of ${duration(part.ageMillis)} ago: a runtime or a store does not answer` : '';
}

function showTasks(tasks) {
  const rows = tasks.list.map((task) => {
    const key = `${task.namespace}\n${task.id}`;
    const share = task.cpuNanos === undefined ? null : cpuShare(`task\n${key}`, task.cpuNanos, task.measured);
    const state = task.exit === undefined ? task.state : `${task.state} (${task.exit})`;
    return {
      key,
      cells: [
        { text: task.id, small: `${task.namespace}/`, title: `${task.namespace}/${task.id}` },
        { text: state, className: `state ${task.state}` },
        { text: task.image ?? '', cell: 'wide cut', title: `${task.image ?? ''}\n${task.runtime ?? ''}` },
        { text: task.pid ? String(task.pid) : '', cell: 'number wide' },
        { text: task.memory === undefined ? '' : bytes(task.memory), cell: 'number' },
        { text: share === null ? '' : percent(share), cell: 'number' },
      ],
    };
  });
  const live = new Set(rows.map((row) => `task\n${row.key}`));
  [...lastCpu.keys()].filter((key) => key.startsWith('task\n') && !live.has(key)).forEach((key) => lastCpu.delete(key));
  table(byId('tasks-rows'), rows, tasks.known ? 'Nothing runs.' : '');
  const more = tasks.count > tasks.list.length ? `, the first ${tasks.list.length} shown` : '';
  text(byId('tasks-count'), `${tasks.count}${more} ${stale(tasks)}`.trim());
}

function workItem(flow) {
  const failed = flow.error !== '';
  const amount = flow.total ? `${bytes(flow.done)} of ${bytes(flow.total)}` : '';
  const line = element('div', 'line',
    element('span', 'kind', flow.operation),
    element('span', 'what', flow.subject),
    element('span', 'soft', [amount, duration(flow.millis)].filter(Boolean).join(' · ')));
  line.querySelector('.what').title = flow.subject;
  const item = element('li', '', line);
  if (failed) item.append(element('div', 'error', flow.error));
  return item;
}

function showWork(work) {
  const items = work.running.map((flow) => {
    const item = workItem(flow);
    if (flow.total) {
      const bar = element('progress');
      bar.max = flow.total;
      bar.value = flow.done;
      bar.setAttribute('aria-label', `${flow.operation} ${flow.subject}`);
      const ready = flow.pieces.filter((piece) => piece.done >= piece.total).length;
      item.append(bar, element('div', 'soft', `${ready} of ${flow.pieces.length} pieces here`));
    }
    return item;
  });
  byId('work-rows').replaceChildren(...(items.length ? items : [element('li', 'empty', 'Nothing is under way.')]));
  text(byId('work-count'), work.count ? String(work.count) : '');
  const mark = JSON.stringify(work.ended);
  if (byId('ended-rows').mark !== mark) {
    byId('ended-rows').mark = mark;
    const ended = work.ended.slice(0, 6).map(workItem);
    byId('ended-rows').replaceChildren(...(ended.length ? ended : [element('li', 'empty', 'None yet.')]));
  }
}

function showCollections(gc) {
  const rows = gc.last.map((one) => ({
    key: one.at,
    cells: [
      { text: clock(one.at), cell: 'time', title: one.at },
      { text: duration(one.millis), cell: 'number' },
      { text: duration(one.pauseMillis), cell: 'number' },
      Object.entries(one.removed).map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing',
    ],
  }));
  table(byId('collections-rows'), rows, 'None yet.');
  text(byId('collections-count'), gc.count ? String(gc.count) : '');
}

function showLeases(leases) {
  const rows = leases.list.map((lease) => ({
    key: `${lease.namespace}\n${lease.id}`,
    cells: [
      { text: lease.id, small: `${lease.namespace}/` },
      { text: day(lease.created), cell: 'time wide', title: lease.created },
      { text: lease.expires ? day(lease.expires) : 'never', cell: 'time', title: lease.expires },
      { text: String(lease.resources), cell: 'number' },
    ],
  }));
  table(byId('leases-rows'), rows, leases.known ? 'There are none.' : '');
  text(byId('leases-count'), `${leases.count || ''} ${stale(leases)}`.trim());
}

function showEvents(events) {
  const wanted = byId('filter').value.toLowerCase();
  const rows = events.last
    .filter((event) => !wanted || `${event.namespace} ${event.topic} ${event.text}`.toLowerCase().includes(wanted))
    .reverse()
    .map((event) => ({
      key: String(event.number),
      cells: [
        { text: clock(event.at), cell: 'time', title: event.at },
        { text: event.namespace, cell: 'wide' },
        event.topic,
        { text: event.text, className: 'clamp', title: event.text },
      ],
    }));
  table(byId('events-rows'), rows, wanted ? 'None of the last contains this.' : 'None yet.');
  text(byId('events-count'), `${events.count || ''}${events.gaps ? `, ${events.gaps} gaps` : ''}`);
}

function showPlugins(plugins) {
  const rows = plugins.list.map((plugin) => ({
    key: `${plugin.type}\n${plugin.id}`,
    cells: [
      { text: plugin.id, small: `${plugin.type}.`, title: plugin.jar },
      { text: plugin.state, className: `state ${plugin.state}` },
      { text: plugin.init, cell: 'number' },
      { text: String(plugin.calls), cell: 'number' },
      { text: String(plugin.inFlight), cell: 'number' },
      { text: String(plugin.failures), cell: plugin.failures ? 'number bad' : 'number' },
      { text: String(plugin.late), cell: plugin.late ? 'number bad' : 'number' },
      { text: String(plugin.refused), cell: plugin.refused ? 'number bad' : 'number' },
      { text: plugin.error, className: 'bad' },
    ],
  }));
  table(byId('plugins-rows'), rows, 'There are none.');
  const failed = plugins.list.filter((plugin) => plugin.state === 'failed').length;
  byId('plugins-count').classList.toggle('bad', failed > 0);
  text(byId('plugins-count'), failed ? `${failed} failed` : String(plugins.list.length));
}

// The picture comes as SVG from the daemon, which has escaped what is in it; what could act is refused all the same.
async function showGraph(version) {
  if (version === shownGraph) return;
  const answer = await fetch('/api/graph', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
  const picture = new DOMParser().parseFromString(await answer.text(), 'image/svg+xml').documentElement;
  if (!answer.ok || picture.localName !== 'svg' || picture.querySelector('script, foreignObject, a, use, image')) {
    throw new Error('this is no picture of plugins');
  }
  const svg = document.importNode(picture, true);
  const kinds = [...svg.querySelectorAll('.kind')];
  kinds.forEach((kind) => {
    const words = [...kind.querySelectorAll('.plugin > title')].map((title) => title.textContent.split('\n', 2).join(' '));
    kind.setAttribute('tabindex', '0');
    kind.setAttribute('role', 'group');
    kind.setAttribute('aria-label', words.join(', '));
    const mark = (near) => {
      const own = kind.dataset.kind;
      kind.classList.toggle('near', near);
      svg.querySelectorAll('.edge').forEach((edge) => {
        if (edge.dataset.from === own || edge.dataset.to === own) {
          edge.classList.toggle('near', near);
          const other = edge.dataset.from === own ? edge.dataset.to : edge.dataset.from;
          kinds.find((one) => one.dataset.kind === other)?.classList.toggle('near', near);
        }
      });
    };
    for (const begin of ['pointerenter', 'focus']) kind.addEventListener(begin, () => mark(true));
    for (const end of ['pointerleave', 'blur']) kind.addEventListener(end, () => mark(false));
  });
  svg.removeAttribute('role');
  byId('graph').replaceChildren(svg);
  shownGraph = version;
}

// ---- asking ----------------------------------------------------------------------------------------------------

function show(now) {
  showProcess(now);
  showTasks(now.tasks);
  showWork(now.work);
  showPlugins(now.plugins);
  showCollections(now.gc);
  showLeases(now.leases);
  showEvents(now.events);
}

function status(className, words) {
  byId('status').className = className;
  text(byId('status'), words);
}

async function ask() {
  try {
    const answer = await fetch('/api/snapshot', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(`the daemon answers ${answer.status}`);
    last = await answer.json();
    show(last);
    await showGraph(last.plugins.graph);
    status('live', 'live');
  } catch (problem) {
    status('lost', 'no answer');
    byId('status').title = String(problem);
  }
}

async function run() {
  for (;;) {
    if (!paused && document.visibilityState === 'visible') await ask();
    await new Promise((resume) => setTimeout(resume, EVERY));
  }
}

byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  if (paused) status('', 'paused');
});
byId('filter').addEventListener('input', () => {
  if (last) showEvents(last.events);
});
run();
