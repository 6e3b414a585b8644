// Fields in which one chooses a row of very many: what is typed is looked for on the server, and what is found is
// offered below (the combobox pattern of the WAI). Without this file the form is sent with what was typed, and the
// server says what may be meant. The row that is chosen travels in two unseen fields: what it is, and how it was shown.
"use strict";

(() => {
  const PAUSE_MS = 150;
  let made = 0;

  const element = (tag, properties = {}, attributes = {}) => {
    const node = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  // What another field of the form stands for, if it is as it was chosen.
  function chosenIn(form, name) {
    const { [name]: shown, [name + "_exact"]: exact, [name + "_seen"]: seen } = form.elements;
    return shown?.value && shown.value === seen?.value ? exact.value : "";
  }

  function enhance(root) {
    const input = root.querySelector("[data-choice]");
    if (!input || input.getAttribute("role")) return;
    const several = root.dataset.several, id = "found-" + ++made;
    const label = root.querySelector(`label[for="${input.id}"]`);
    const list = element("ul", { id, hidden: true }, { role: "listbox", "aria-label": label.firstChild.textContent.trim() });
    const note = element("p", { className: "hint" });
    const found = element("div", { className: "found", hidden: true });
    const status = element("span", { className: "sr" }, { role: "status" });
    found.append(list, note);
    input.after(found, status);
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", id], ["aria-autocomplete", "list"], ["aria-haspopup", "listbox"]])
      input.setAttribute(name, value);
    for (const button of root.querySelectorAll("[data-without-script]")) button.hidden = true;
    let asking = null, pause = 0, active = -1;

    const isOpen = () => !found.hidden;
    const options = () => [...list.children];

    function close() {
      clearTimeout(pause);
      asking?.abort();
      found.hidden = true;
      input.setAttribute("aria-expanded", "false");
      activate(-1);
    }

    function activate(index) {
      active = index;
      for (const [at, option] of options().entries()) option.setAttribute("aria-selected", at === index ? "true" : "false");
      const option = options()[index];
      if (option) {
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    }

    function show(answer) {
      list.replaceChildren(...answer.items.map((item, at) => {
        const option = element("li", { id: id + "-" + at, textContent: item.text }, { role: "option", "aria-selected": "false" });
        option.dataset.value = item.value;
        return option;
      }));
      list.hidden = !answer.items.length;
      note.textContent = status.textContent = answer.note;
      found.hidden = false;
      input.setAttribute("aria-expanded", "true");
      activate(-1);
      found.scrollIntoView({ block: "nearest" });
    }

    async function look(words) {
      asking?.abort();
      const asked = asking = new AbortController();
      const url = new URL(root.dataset.chooser, location.href);
      url.searchParams.set("q", words);
      if (root.dataset.within) url.searchParams.set(root.dataset.within, chosenIn(input.form, root.dataset.within));
      try {
        const answer = await fetch(url, { headers: { accept: "application/json" }, signal: asked.signal });
        if (!answer.ok || answer.redirected) return close();
        const body = await answer.json();
        if (!asked.signal.aborted && document.activeElement === input) show(body);
      } catch {
        // Without a connection the words stay, and the server reads them when they are sent.
        if (!asked.signal.aborted) close();
      }
    }

    // A row that is chosen already does not narrow what else is offered.
    function open() {
      const chosen = !several && chosenIn(input.form, input.name);
      look(chosen ? "" : input.value.trim());
    }

    function choose(option) {
      const text = option.textContent, value = option.dataset.value;
      root.querySelector("[data-offered]")?.remove();
      if (several) {
        add(value, text);
        input.value = "";
        status.textContent = root.dataset.added + " " + text;
      } else {
        const hidden = suffix => root.querySelector(`input[name="${input.name}${suffix}"]`);
        input.value = hidden("_seen").value = text;
        hidden("_exact").value = value;
        input.removeAttribute("aria-invalid");
        status.textContent = text;
      }
      close();
      input.dispatchEvent(new Event("input", { bubbles: true, cancelable: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function add(value, text) {
      const chosen = root.querySelector("[data-chosen]");
      const there = [...chosen.querySelectorAll("input")].find(box => box.value === value);
      if (there) {
        there.checked = true;
        return;
      }
      const row = element("label", { className: "tickbox" });
      row.append(element("input", { type: "checkbox", name: several, value, checked: true }), " " + text);
      const item = element("li");
      item.append(row);
      chosen.append(item);
    }

    function press(event) {
      const count = options().length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen()) open();
        else if (count) activate((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + count) % count);
      } else if (event.key === "Enter" && isOpen() && count) {
        // Several are offered and none is marked: the next press says which.
        event.preventDefault();
        if (active < 0 && count > 1) activate(0);
        else choose(options()[Math.max(active, 0)]);
      } else if (event.key === "Tab" && isOpen() && active >= 0) {
        choose(options()[active]);
      } else if (event.key === "Escape" && isOpen()) {
        event.preventDefault();
        close();
      }
    }

    input.addEventListener("input", event => {
      if (!event.isTrusted) return;
      clearTimeout(pause);
      pause = setTimeout(look, PAUSE_MS, input.value.trim());
    });
    input.addEventListener("keydown", press);
    input.addEventListener("click", () => isOpen() || open());
    input.addEventListener("focus", () => several || input.select());
    input.addEventListener("blur", close);
    // A press on an option must not take the focus away before it is taken.
    found.addEventListener("pointerdown", event => event.preventDefault());
    found.addEventListener("mousedown", event => event.preventDefault());
    list.addEventListener("click", event => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
  }

  const prepare = node => node.querySelectorAll("[data-chooser]").forEach(enhance);
  prepare(document);
  document.addEventListener("swapped", event => prepare(event.detail));
})();
