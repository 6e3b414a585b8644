// The Connect page: values show the moment they arrive; what is missing is asked for every two seconds.
(() => {
  const panel = document.querySelector("[data-waiting]"), root = document.documentElement;
  const choice = document.querySelector("select[name=stands_at]"), facts = document.querySelector("[data-new-asset]");
  if (choice && facts) {
    const site = facts.querySelector("input[name=site]");
    // What belongs to a choice is asked for with that choice only.
    const ask = () => {
      facts.open = choice.value == "new";
      for (const field of facts.querySelectorAll("[data-needed]"))
        field.required = facts.open && (field.name != "customer_name" || !site.value.trim());
    };
    choice.addEventListener("change", ask);
    site.addEventListener("input", ask);
    ask();
  }
  if (!panel) return;
  const feed = panel.querySelector("[data-feed]"), status = panel.querySelector("[data-status]");
  const number = new Intl.NumberFormat(root.lang, { maximumFractionDigits: 3 });
  const time = new Intl.DateTimeFormat(root.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const lines = [];
  const ask = async () => {
    const answer = await fetch(panel.dataset.waiting, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer?.ok) status.innerHTML = await answer.text();
  };
  document.addEventListener("live:" + panel.dataset.topic, ({ detail }) => {
    if (!detail.samples.length) return;
    lines.unshift(`${time.format(detail.samples[0][1])}  ${detail.samples.map(([metric, , value]) => `${metric} ${number.format(value)}`).join("  ")}`);
    lines.splice(5);
    feed.textContent = lines.join("\n");
    ask();
  });
  ask();
  setInterval(() => { if (!document.hidden) ask(); }, 2000);
})();
