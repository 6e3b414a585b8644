// Runs before the first paint: the reader's choice of light or dark, if one was made.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden; the system's choice stands.
  }
})();
