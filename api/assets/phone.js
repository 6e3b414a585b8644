// The technician's phone: an outbox that keeps what was done while offline, in order, each with its own key, until
// the server has it. The key makes a repetition harmless: nothing is lost and nothing happens twice. Every account on
// the phone has an outbox of its own: one person's presses are never sent, or thrown away, as another's. Without this
// file the same forms post by themselves.
(() => {
  let notice = document.querySelector("[data-outbox]");
  if (!notice) return;
  const words = { ...notice.dataset }, PREFIX = "mainstay-outbox:", KEY = PREFIX + words.account, BEFORE = "mainstay-outbox";
  const forms = () => [...document.querySelectorAll("form[data-outbox-form]")];
  const read = () => { try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; } };
  const write = items => localStorage.setItem(KEY, JSON.stringify(items));
  // Kept before outboxes had owners: the server says of each whether it was this person's.
  const old = localStorage.getItem(BEFORE);
  if (old) { try { write([...JSON.parse(old), ...read()]); localStorage.removeItem(BEFORE); } catch { /* full, or not ours: it stays where it is */ } }
  const others = () => Object.keys(localStorage).filter(key => key.startsWith(PREFIX) && key !== KEY)
    .reduce((sum, key) => { try { return sum + JSON.parse(localStorage.getItem(key)).length; } catch { return sum; } }, 0);
  const uuid = () => crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, c => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));
  const fresh = form => { const key = form.elements._key; if (key) key.value = uuid(); };
  const make = (tag, text, of) => { const node = of.appendChild(document.createElement(tag)); node.textContent = text; return node; };

  // ---- what the page shows of the outbox
  function draw() {
    const items = read(), waiting = items.filter(item => !item.refused), refused = items.filter(item => item.refused);
    notice.replaceChildren();
    const theirs = others();
    notice.hidden = !items.length && !theirs && navigator.onLine;
    if (theirs) { const bar = make("p", words.others.replace("%n%", theirs), notice); bar.className = "hint"; bar.setAttribute("role", "status"); }
    if (waiting.length || !navigator.onLine) {
      const bar = make("p", (navigator.onLine ? words.waiting : words.offline).replace("%n%", waiting.length), notice);
      bar.className = "offline-bar"; bar.setAttribute("role", "status");
    }
    for (const item of refused) {
      const card = make("div", "", notice); card.className = "card pad stack"; card.setAttribute("role", "alert");
      make("p", words.refused, card); make("p", item.label + " — " + item.refused, card).className = "wrong";
      const act = make("div", "", card); act.className = "act";
      const retry = make("button", words.retry, act); retry.className = "btn2"; retry.type = "button";
      retry.onclick = () => { write(read().map(other => other.key === item.key ? { ...other, refused: null } : other)); flush(); };
      const drop = make("button", words.discard, act); drop.className = "btn2"; drop.type = "button";
      drop.onclick = () => { write(read().filter(other => other.key !== item.key)); location.reload(); };
    }
  }

  // ---- a page from the cache shows what was pressed since
  const NEXT = { accept: "accepted", travel: "traveling", arrive: "on_site", pause: "break", resume: "on_site", finish: "done", decline: "declined" };
  function show(state) {
    document.querySelectorAll("[data-when]").forEach(node => { node.hidden = !node.dataset.when.split(" ").includes(state); });
  }
  function foresee(item) {
    if (!item.url.startsWith(location.pathname + "/")) return;
    const action = item.url.slice(location.pathname.length + 1), value = name => (item.body.find(pair => pair[0] === name) || [])[1];
    if (NEXT[action]) show(NEXT[action]);
    if (action === "tick") {
      // `elements.item` is a method of every form: the field of that name is reached by `namedItem`.
      const form = forms().find(form => "tick" in form.dataset && form.elements.namedItem("item").value === value("item")), on = value("done") === "on";
      if (form) tick(form, on);
    } else if (!NEXT[action]) {
      const form = forms().find(form => new URL(form.action).pathname === item.url);
      if (form && !form.querySelector(".queued")) make("p", words.queued, form).className = "hint queued";
    }
  }
  function tick(form, on) {
    const button = form.querySelector("button"); button.setAttribute("aria-pressed", on); button.querySelector("i").textContent = on ? "✓" : "";
    const hidden = form.elements.done;
    if (on && hidden) hidden.remove();
    if (!on && !hidden) { const input = form.appendChild(document.createElement("input")); Object.assign(input, { type: "hidden", name: "done", value: "on" }); }
  }

  // ---- sending, strictly in order, one tab at a time
  const locked = work => navigator.locks ? navigator.locks.request(KEY, work) : work();
  let busy = false;
  async function flush(mine) {
    if (busy) return; busy = true;
    let last = null;
    try {
      await locked(async () => {
        for (;;) {
          const item = read().find(item => !item.refused);
          if (!item) break;
          let response;
          try { response = await fetch(item.url, { method: "POST", body: new URLSearchParams([...item.body, ["_account", words.account]]), headers: { accept: "text/html" } }); }
          catch { break; }
          if (new URL(response.url).pathname.startsWith("/sign-in")) { location.href = "/sign-in?next=" + encodeURIComponent(location.pathname); break; }
          // 421: somebody else has signed in since; it waits until its own account is back.
          if (response.status >= 500 || response.status === 429 || response.status === 421) break;
          const text = await response.text();
          if (response.ok) { write(read().filter(other => other.key !== item.key)); last = response.url; continue; }
          const page = new DOMParser().parseFromString(text, "text/html");
          if (item.key === mine && page.querySelector("main")) {
            // The person stands before it: show the page with what was typed and what to change.
            write(read().filter(other => other.key !== item.key));
            document.querySelector("main").replaceWith(page.querySelector("main"));
            notice = document.querySelector("[data-outbox]"); start(); scrollTo(0, 0); return;
          }
          const reason = page.querySelector(".refusal, p.wrong, main .card p");
          write(read().map(other => other.key === item.key ? { ...other, refused: reason ? reason.textContent : String(response.status) } : other));
        }
      });
    } finally { busy = false; draw(); }
    if (last && !read().some(item => !item.refused)) {
      const to = new URL(last).pathname;
      if (to === location.pathname) location.reload(); else if (mine) location.href = to; else location.reload();
    }
  }

  // ---- taking over the forms
  function start() {
    forms().forEach(form => {
      // A page from the cache carries a key that may have been used already.
      fresh(form);
      let last = 0;
      form.addEventListener("submit", event => {
        event.preventDefault();
        if (Date.now() - last < 800) return;
        last = Date.now();
        const body = [...new FormData(form, event.submitter)].map(([name, value]) => [name, String(value)]);
        if (!body.some(([name]) => name === "at")) body.push(["at", new Date().toISOString()]);
        const item = { key: form.elements._key.value, url: new URL(form.action).pathname, body, label: (event.submitter || form).textContent.trim().slice(0, 60), refused: null };
        try { write([...read(), item]); } catch { HTMLFormElement.prototype.submit.call(form); return; }
        fresh(form); foresee(item); draw(); flush(item.key);
      });
    });
    sign(); run();
  }

  // ---- signature and running time
  function sign() {
    const form = document.querySelector("form[data-signature]");
    if (!form) return;
    const canvas = form.querySelector("canvas"), clear = form.querySelector("[data-clear]"), input = form.elements.image;
    canvas.hidden = clear.hidden = false;
    const box = canvas.getBoundingClientRect(); canvas.width = Math.max(1, box.width); canvas.height = Math.max(1, box.height);
    const pen = canvas.getContext("2d"); pen.lineWidth = 2; pen.lineCap = "round"; pen.strokeStyle = "#1f55d0";
    let down = false;
    canvas.onpointerdown = event => { down = true; canvas.setPointerCapture(event.pointerId); pen.beginPath(); pen.moveTo(event.offsetX, event.offsetY); };
    canvas.onpointermove = event => { if (!down) return; pen.lineTo(event.offsetX, event.offsetY); pen.stroke(); };
    canvas.onpointerup = () => { down = false; input.value = canvas.toDataURL("image/png"); };
    clear.onclick = () => { pen.clearRect(0, 0, canvas.width, canvas.height); input.value = ""; };
  }
  function run() {
    const node = document.querySelector("[data-running]");
    if (!node) return;
    // The server's clock at rendering and ours may differ: count on from what it said.
    const began = Number(node.dataset.running), draw = () => { const minutes = Math.max(0, Math.floor((Date.now() - began) / 60000)); node.textContent = Math.floor(minutes / 60) + ":" + String(minutes % 60).padStart(2, "0"); };
    clearInterval(run.timer); draw(); run.timer = setInterval(draw, 15000);
  }

  start(); draw(); read().filter(item => !item.refused).forEach(foresee); flush();
  addEventListener("online", () => { draw(); flush(); }); addEventListener("offline", draw);
  setInterval(() => { if (read().some(item => !item.refused)) flush(); }, 15000);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then(() => {
    // Keep today's visits at hand before the signal is lost.
    if (navigator.onLine) document.querySelectorAll(".agenda a").forEach(link => fetch(link.href, { headers: { accept: "text/html" } }).catch(() => {}));
  });
})();
