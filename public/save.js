// Makes a file of the answer to a long question, piece by piece, so that the page itself never holds it.

export function save(question, ask, listener) {
  const [, name] = question.split("\n", 2);
  const pieces = [];
  let refused;
  return ask(question.slice("save\n".length + name.length + 1), (text, done, error) => {
    if (error !== undefined) return listener("", true, error);
    if (text.startsWith("refused\t")) refused = text.slice("refused\t".length).trim();
    // A blob lies outside of the script's memory.
    else if (text) pieces.push(new Blob([text]));
    if (!done) return;
    if (refused !== undefined) return listener("", true, refused);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(pieces, { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    listener("", true);
  });
}
