// Niceties only: every page works without this file.

// The first thing to read after a refused form is what was wrong with it.
document.getElementById("error-summary")?.focus();

// Whoever tried too often reads on the button how long to wait, and can press it again when the time is over.
const refused = document.querySelector("[data-wait]");
if (refused) {
  const button = document.querySelector("main form button.primary");
  const text = refused.querySelector("li span");
  const words = button.textContent;
  // By the clock: a page in the background is not asked to count.
  const over = Date.now() + 1000 * refused.dataset.wait;
  const count = () => {
    const left = Math.ceil((over - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? refused.dataset.waiting.replace("#", left) : words;
    if (left > 0) {
      setTimeout(count, 250);
    } else {
      text.textContent = refused.dataset.over;
    }
  };
  count();
}

for (const button of document.querySelectorAll("[data-show-password]")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  button.after(status);

  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-label", shown ? button.dataset.hideName : button.dataset.showName);
  };
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    show(shown);
    status.textContent = shown ? button.dataset.shown : button.dataset.hidden;
  });
  // A browser remembers what was typed into text fields, never what was typed into password fields.
  field.form.addEventListener("submit", () => show(false));
  // The browser may bring back a page that was left with its password shown.
  addEventListener("pageshow", () => show(false));
  button.hidden = false;

  const capsLock = document.getElementById(`${field.id}-caps`);
  const warn = (on) => { capsLock.textContent = on ? capsLock.dataset.text : ""; };
  for (const type of ["keydown", "keyup"]) {
    // Browsers that fill in a form send these events without getModifierState.
    field.addEventListener(type, (event) => warn(event.getModifierState?.("CapsLock")));
  }
  field.addEventListener("blur", () => warn(false));
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  button.after(status);
  const words = button.textContent;
  let timer;

  // What is to be copied stands in a field or in the text.
  const select = () => field.select ? field.select() : getSelection().selectAllChildren(field);
  if (field.select) field.addEventListener("focus", select);
  button.addEventListener("click", async () => {
    let copied = true;
    try {
      // On plain http there is no clipboard for scripts, only the old command.
      await navigator.clipboard.writeText(field.value ?? field.textContent);
    } catch {
      field.focus();
      select();
      copied = document.execCommand("copy");
      button.focus();
    }
    if (!copied) return;
    button.textContent = button.dataset.copied;
    status.textContent = button.dataset.copied;
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = words;
      status.textContent = "";
    }, 4000);
  });
  button.hidden = false;
}
