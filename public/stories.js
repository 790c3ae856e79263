// A story that is open on the page: a slim bar above the answer with the words of the step. Steps are links, so that
// they go through the history like everything else; the words take their figures from the answer as it stands.

import { make } from "./{{dom}}";

let asked;

/** The stories, fetched once. */
export function stories() {
  asked ??= fetch(new URL("./{{stories.json}}", import.meta.url)).then((answer) => {
    if (!answer.ok) throw new Error(`the stories answer ${answer.status}`);
    return answer.json();
  });
  asked.catch(() => (asked = undefined));
  return asked.then((own) => own.stories);
}

/** The link of a step, counted from 1. */
export const linkOf = (story, step) => `${story.steps[step - 1].link}&story=${story.id}:${step}`;

let bar;

/** Shows the step `ID:STEP`, or puts the bar away. */
export async function show(page, place) {
  const stage = document.getElementById("story");
  if (!place) {
    bar = undefined;
    return stage.replaceChildren();
  }
  const all = await stories();
  if (page.story() !== place) return;
  const [id, at] = place.split(":");
  const story = all.find((own) => own.id === id);
  const step = story?.steps[at - 1];
  if (!step) return lost(page, stage);
  if (bar?.story !== story) {
    bar = build(page, story);
    stage.replaceChildren(bar.element);
  }
  bar.turn(Number(at), figures(page));
}

function build(page, story) {
  let at = 1;
  const go = (step) => page.open(linkOf(story, step));
  const count = make("span", { class: "caption" });
  const heading = make("h2");
  const text = make("p");
  const back = make("button", { type: "button", onclick: () => go(at - 1) }, "Previous");
  const next = make("button", { type: "button", onclick: () => go(at + 1) }, "Next");
  const more = make("button", { type: "button", "data-opens": "library" }, "More stories");
  const close = make(
    "button",
    { type: "button", class: "quiet", "aria-label": "Close the story", onclick: () => page.closeStory() },
    "✕",
  );
  const away = make(
    "div",
    { class: "caption" },
    "The scenario was changed since; the figures in these words are those of now. ",
    make("button", { type: "button", class: "quiet small", onclick: () => go(at) }, "Back to the step"),
  );
  const words = make("div", { class: "story-words", "aria-live": "polite" }, heading, text, away);
  const element = make(
    "section",
    { class: "story panel", "aria-label": `Story: ${story.title}` },
    make("div", { class: "story-head" }, make("b", {}, story.title), count),
    words,
    make("div", { class: "story-steps" }, back, next, more, close),
  );
  const turn = (step, known) => {
    const focused = element.contains(document.activeElement);
    at = step;
    count.textContent = `${step} of ${story.steps.length}`;
    heading.textContent = story.steps[step - 1].title;
    text.textContent = filled(story.steps[step - 1].text, known);
    away.hidden = page.stands(story.steps[step - 1].link);
    back.disabled = step === 1;
    next.hidden = step === story.steps.length;
    more.hidden = !next.hidden;
    // The button that was pressed may have gone.
    if (
      focused &&
      (document.activeElement === document.body || document.activeElement.hidden || document.activeElement.disabled)
    ) {
      (next.hidden ? more : next).focus();
    }
  };
  return { story, element, turn };
}

function lost(page, stage) {
  bar = undefined;
  const close = make("button", { type: "button", onclick: () => page.closeStory() }, "Close");
  stage.replaceChildren(
    make(
      "section",
      { class: "story panel", "aria-label": "Story" },
      make("p", { class: "story-words" }, "The link names a story that is not there. The scenario stands."),
      close,
    ),
  );
}

/** Metric to words. */
function figures(page) {
  const lines = page.figures().split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => line.split("\t")).map(([key, text, band]) => [key, band ? `${text} (${band})` : text]),
  );
}

/** The words of a step with its figures in them. */
function filled(text, known) {
  return text.replace(/\{([a-z0-9-]+)\}/g, (_, key) => known.get(key) ?? "no figure");
}
