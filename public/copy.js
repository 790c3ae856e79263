// Text on the clipboard.

/** Puts a text on the clipboard, or one that is still to come; asked for at once, while the click still counts. */
export async function put(words) {
  if (globalThis.ClipboardItem && navigator.clipboard?.write) {
    const blob = Promise.resolve(words).then((text) => new Blob([text], { type: "text/plain" }));
    try {
      return await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } catch {
      // Some browsers want the text itself.
    }
  }
  if (!navigator.clipboard?.writeText) throw new Error("no clipboard");
  return navigator.clipboard.writeText(await words);
}
