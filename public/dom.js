// Elements from words. Text goes in as text, never as markup.

/** An element with these attributes and listeners (`onclick`), holding these texts and elements. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

/** Opens a dialog that goes when closed; focus returns to where it was. */
export function dialog(id, title, ...children) {
  document.getElementById(id)?.remove();
  const close = make(
    "button",
    { type: "button", class: "quiet", "aria-label": "Close", onclick: () => box.close() },
    "✕",
  );
  const head = make(
    "header",
    { class: "row" },
    make("h2", { id: `${id}-title` }, title),
    make("span", { class: "spring" }),
    close,
  );
  const box = make("dialog", { id, class: "window", "aria-labelledby": `${id}-title` }, head, ...children);
  box.addEventListener("close", () => box.remove());
  // A click on the shade around it closes it too.
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}

/** Text from storage; nothing where it is blocked. */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Puts text into storage; false where it is blocked or full. */
export function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}
