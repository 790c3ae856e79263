// <tandem-embed scenario="v1&model=…">: a live Tandem figure in any page. A classic script without dependencies, to be
// loaded from wherever Tandem is hosted; embedding.html tells how. What stands in the frame is index.html beside this
// file, and the two talk as host.js says.
//
// Attributes: scenario, view, hide, show, theme, height, label, poster, loading, sandbox. All but the last three may
// change at any time, without a reload. Events: tandem-ready, tandem-state, tandem-resize, tandem-error.

(() => {
  if (!("customElements" in globalThis) || customElements.get("tandem-embed")) return;

  // Loaded as a module or by another script, it finds itself among the scripts of the page or on the stack.
  const named = (address) => /\/embed\.js([?#]|$)/.test(address);
  const own =
    document.currentScript?.src ||
    Array.from(document.scripts, (script) => script.src)
      .filter(named)
      .pop() ||
    new Error().stack?.match(/https?:\/\/[^\s)]+\/embed\.js/)?.[0];
  if (!own) return console.error("tandem-embed: embed.js cannot find out where it was loaded from");
  const HOME = new URL("./", own).href;

  const PASSED_ON = ["scenario", "view", "hide", "show", "theme", "height"];
  const PROPERTIES = [...PASSED_ON, "label"];
  const HEIGHT = 460; // While the embed's own is not known.

  const CSS = `
    :host { display: block; margin: 1em 0; color-scheme: inherit; }
    :host([hidden]) { display: none; }
    iframe { display: block; width: 100%; border: 1px solid rgb(128 128 128 / 0.35); border-radius: 6px; box-sizing: border-box; }
    .poster { display: grid; gap: 12px; place-content: center; justify-items: center; box-sizing: border-box; padding: 16px;
      border: 1px solid rgb(128 128 128 / 0.35); border-radius: 6px; text-align: center; font: 15px/1.4 system-ui, sans-serif; }
    .poster p { margin: 0; overflow-wrap: anywhere; }
    .poster .small { font-size: 13px; opacity: 0.8; }
    button { padding: 8px 16px; border: 1px solid currentcolor; border-radius: 6px; background: none; color: inherit; font: inherit; cursor: pointer; }
    button:hover { background: rgb(128 128 128 / 0.15); }
    button:focus-visible { outline: 2px solid; outline-offset: 2px; }
  `;
  // A sheet of its own needs no permission of the host's content security policy, as a <style> would.
  let sheet;
  try {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  } catch {
    sheet = undefined;
  }

  /** A link in words, as far as it can be read without the model. */
  function inWords(link) {
    const pairs = link
      .split("&")
      .slice(1)
      .map((pair) => pair.split("="));
    const value = (key) => {
      const found = pairs.find(([name]) => name === key);
      if (!found) return undefined;
      try {
        return decodeURIComponent(found[1] ?? "");
      } catch {
        return found[1];
      }
    };
    const pools = ["pool", "prefill", "decode", "attention", "ffn", "draft", "verify"].map(value).filter(Boolean);
    return [value("model"), pools.join(" + ")].filter(Boolean).join(" on ") || "the default scenario";
  }

  class TandemEmbed extends HTMLElement {
    #frame;
    #ready = false;
    #link;
    #sent;
    #near;
    #opened = false;

    static get observedAttributes() {
      return [...PASSED_ON, "label", "poster"];
    }

    /** The state shown now, which the reader may have changed; `scenario` is what the page asked for. */
    get link() {
      return this.#link ?? this.#asked();
    }

    get ready() {
      return this.#ready;
    }

    /** Loads the frame, as a click on the poster does. */
    open() {
      this.#opened = true;
      if (this.isConnected) this.#mount();
    }

    connectedCallback() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: "open" });
        if (sheet) this.shadowRoot.adoptedStyleSheets = [sheet];
      }
      // What a framework has set before this script was there hides the properties of the same name.
      for (const name of PROPERTIES) {
        if (!Object.hasOwn(this, name)) continue;
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
      addEventListener("message", this.#hear);
      this.#show();
    }

    disconnectedCallback() {
      removeEventListener("message", this.#hear);
      this.#near?.disconnect();
      this.#frame = undefined;
      this.#ready = false;
    }

    attributeChangedCallback(name, before, now) {
      if (!this.shadowRoot || !this.isConnected || before === now) return;
      if (!this.#frame) return this.#show();
      if (name === "label") this.#frame.title = this.#label();
      else if (name !== "poster") this.#tell(name);
    }

    #label() {
      return this.getAttribute("label") || this.getAttribute("poster") || `Tandem: ${inWords(this.#asked())}`;
    }

    // The link that is asked for, with the chart in it.
    #asked() {
      const given = (this.getAttribute("scenario") ?? "").trim();
      const link = given.slice(given.indexOf("#") + 1) || "v1";
      const view = this.getAttribute("view");
      if (!view) return link;
      // Half a pair of surrogates has no code in an address.
      const code = encodeURIComponent(view.replace(/[\ud800-\udfff]/gu, "\ufffd"));
      return [...link.split("&").filter((pair) => !pair.startsWith("view=")), `view=${code}`].join("&");
    }

    #fixed() {
      const height = this.getAttribute("height");
      return height && /^\d{1,5}(px)?$/.test(height.trim()) ? Number.parseInt(height, 10) : undefined;
    }

    #show() {
      if (this.hasAttribute("poster") && !this.#opened) return this.#poster();
      if (this.getAttribute("loading") === "eager" || !("IntersectionObserver" in globalThis)) return this.#mount();
      // The place is kept until it comes near.
      const place = document.createElement("div");
      place.style.height = `${this.#fixed() ?? HEIGHT}px`;
      this.shadowRoot.replaceChildren(place);
      this.#near?.disconnect();
      this.#near = new IntersectionObserver(
        (entries) => {
          if (entries.some((entry) => entry.isIntersecting)) this.#mount();
        },
        { rootMargin: "400px" },
      );
      this.#near.observe(this);
    }

    #poster() {
      this.#near?.disconnect();
      const poster = document.createElement("div");
      poster.className = "poster";
      poster.style.minHeight = `${this.#fixed() ?? 220}px`;
      const [title, button, small] = ["p", "button", "p"].map((name) => document.createElement(name));
      title.textContent = this.#label();
      title.id = "title";
      button.type = "button";
      button.textContent = "Show the live figure";
      button.setAttribute("aria-describedby", "title");
      button.addEventListener("click", () => {
        this.open();
        this.#frame.focus();
      });
      small.className = "small";
      small.textContent = `Loads from ${new URL(HOME).host}`;
      poster.append(title, button, small);
      this.shadowRoot.replaceChildren(poster);
    }

    #mount() {
      this.#near?.disconnect();
      if (this.#frame) return;
      const query = new URLSearchParams({ embed: "1" });
      for (const name of ["hide", "show", "theme"]) {
        if (this.getAttribute(name)) query.set(name, this.getAttribute(name));
      }
      query.set("height", this.#mode());
      this.#sent = this.#asked();
      const frame = document.createElement("iframe");
      frame.title = this.#label();
      frame.allow = "clipboard-write";
      frame.referrerPolicy = "no-referrer";
      if (this.hasAttribute("sandbox")) frame.setAttribute("sandbox", this.getAttribute("sandbox"));
      frame.style.height = `${this.#fixed() ?? HEIGHT}px`;
      frame.src = `${HOME}?${query}#${this.#sent}`;
      this.#frame = frame;
      this.#ready = false;
      this.shadowRoot.replaceChildren(frame);
    }

    // What the page in the frame is told of the height; a wrong one it finds fault with itself.
    #mode() {
      if (this.#fixed() !== undefined) return "fill";
      return this.getAttribute("height") || "auto";
    }

    #tell(name) {
      if (name === "height" && this.#fixed() !== undefined) this.#frame.style.height = `${this.#fixed()}px`;
      if (!this.#ready) return; // What has changed by then is sent once it is.
      if (name === "scenario" || name === "view") {
        this.#sent = this.#asked();
        this.#post({ type: "setScenario", link: this.#sent });
      } else if (name === "theme") {
        this.#post({ type: "setTheme", theme: this.getAttribute("theme") || "auto" });
      } else if (name === "height") {
        this.#post({ type: "setHeight", height: this.#mode() });
      } else {
        this.#post({ type: "setParts", hide: this.getAttribute("hide") ?? "", show: this.getAttribute("show") ?? "" });
      }
    }

    #post(message) {
      this.#frame.contentWindow?.postMessage({ tandem: 1, ...message }, "*"); // A sandboxed frame has no origin to name.
    }

    #hear = ({ source, data }) => {
      if (!this.#frame || source !== this.#frame.contentWindow || data?.tandem !== 1) return;
      const { type, tandem, ...detail } = data;
      if (type === "ready") {
        if (typeof data.link !== "string") return;
        this.#ready = true;
        this.#link = data.link;
        const query = new URL(this.#frame.src).searchParams;
        if (this.#sent !== this.#asked()) this.#tell("scenario");
        if ((query.get("theme") ?? "auto") !== (this.getAttribute("theme") || "auto")) this.#tell("theme");
        if (query.get("height") !== this.#mode()) this.#tell("height");
        if (["hide", "show"].some((name) => (query.get(name) ?? "") !== (this.getAttribute(name) ?? "")))
          this.#tell("hide");
      } else if (type === "state") {
        if (typeof data.link !== "string") return;
        this.#link = data.link;
      } else if (type === "resize") {
        if (!Number.isFinite(data.height)) return;
        if (this.#mode() !== "fill") this.#frame.style.height = `${Math.min(Math.max(data.height, 80), 6000) + 2}px`;
      } else if (type !== "error") {
        return;
      }
      this.dispatchEvent(new CustomEvent(`tandem-${type}`, { detail, bubbles: true, composed: true }));
    };
  }

  for (const name of PROPERTIES) {
    Object.defineProperty(TandemEmbed.prototype, name, {
      get() {
        return this.getAttribute(name);
      },
      set(value) {
        if (value === null || value === undefined) this.removeAttribute(name);
        else this.setAttribute(name, value);
      },
      configurable: true,
      enumerable: true,
    });
  }
  customElements.define("tandem-embed", TandemEmbed);
})();
