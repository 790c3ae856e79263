// The embedding guide's own script: examples name the place that the guide is read at, and one figure is spoken with.

for (const place of document.querySelectorAll(".here")) place.textContent = new URL("./", location.href).href;

const figure = document.getElementById("spoken-with");
const log = document.getElementById("log");

const orders = {
  long: () => (figure.scenario = "v1&model=deepseek-v3&engine=sglang&pool=h200*16&isl=32k"),
  short: () => (figure.scenario = "v1&model=deepseek-v3&engine=sglang&pool=h200*16&isl=1k"),
  frontier: () => (figure.view = figure.view === "frontier" ? "curves" : "frontier"),
  theme: () => (figure.theme = figure.theme === "dark" ? "light" : "dark"),
  wrong: () => (figure.scenario = "v1&model=deepseek-v3&isl=banana"),
};

document.getElementById("orders").addEventListener("click", ({ target }) => orders[target.dataset.order]?.());

for (const type of ["ready", "state", "resize", "error"]) {
  figure.addEventListener(`tandem-${type}`, ({ detail }) => {
    log.textContent += `tandem-${type} ${JSON.stringify(detail)}\n`;
    log.scrollTop = log.scrollHeight;
  });
}
