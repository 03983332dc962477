// @ts-check
/**
 * The picture of a presentation, built node by node: no markup is parsed, so it works with Trusted Types, and styles are set through
 * the object model, which a content policy without inline styles allows. It stands in a shadow root, where no rule of the page reaches.
 */
import { LEAST_MODULE, hindrance } from "./readable.js";

const SVG = "http://www.w3.org/2000/svg";
const TEXTS = {
  en: {
    label: "Payment code for the till",
    show: "Show payment code",
    making: "Making a code",
    showing: "A payment code is on the screen",
    left: (/** @type {number} */ seconds) => `New code in ${seconds} s`,
    soon: (/** @type {number} */ seconds) => `The next code is possible in ${seconds} s`,
    paused: "No code is shown",
    unreadable: "No code is shown: a till could not read it here",
    paid: "Paid",
    declined: "The payment was declined",
    failed: "No code could be made",
    stopped: "Payment codes are off",
  },
  ja: {
    label: "レジ用の支払いコード",
    show: "支払いコードを表示",
    making: "コードを作成しています",
    showing: "支払いコードを表示しています",
    left: (/** @type {number} */ seconds) => `あと${seconds}秒で更新`,
    soon: (/** @type {number} */ seconds) => `次のコードまであと${seconds}秒`,
    paused: "コードは表示されていません",
    unreadable: "この表示ではレジで読み取れないため、コードを表示していません",
    paid: "支払いが完了しました",
    declined: "支払いは承認されませんでした",
    failed: "コードを作成できませんでした",
    stopped: "支払いコードは停止しています",
  },
};
/** @typedef {Exclude<keyof typeof TEXTS.en, "left" | "soon">} Said */

/** Widest picture, in CSS pixels. */
const WIDEST = 320;
/** Nothing of the page's is generated before or after the picture, and nothing in it is transparent to a tap. */
const OWN_RULES = ":host::before, :host::after { content: none !important; }";

/**
 * Sets styles that no rule of the page overrides.
 * @param {HTMLElement | SVGElement} element
 * @param {Record<string, string>} styles
 */
function style(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value, "important");
}

/** @param {ShadowRoot} shadow */
function addOwnRules(shadow) {
  // A sheet has to be of the window whose document it is for.
  const Sheet = shadow.ownerDocument.defaultView?.CSSStyleSheet;
  try {
    const sheet = /** @type {any} */ (new /** @type {any} */ (Sheet)());
    sheet.replaceSync(OWN_RULES);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    // Safari before 16.4: what the page generates there is found when the code is painted.
  }
}

/**
 * @param {Element} target
 * @param {{ label?: string, language?: "en" | "ja", onTap: () => void }} options
 */
export function drawing(target, options) {
  const page = target.ownerDocument;
  const language = options.language ?? (page.documentElement.lang.startsWith("ja") ? "ja" : "en");
  const texts = TEXTS[language];

  const root = page.createElement("div");
  root.lang = language;
  root.setAttribute("part", "presentation");
  const shadow = root.attachShadow({ mode: "open" });
  addOwnRules(shadow);
  // Texts and button look as the page's own do.
  style(root, { all: "initial", color: "inherit", font: "inherit", visibility: "inherit", display: "grid", gap: "12px", "justify-items": "center" });

  const box = page.createElement("div");
  style(box, {
    all: "initial", display: "none", position: "relative", width: "100%", "max-width": `${WIDEST}px`, "aspect-ratio": "1", "forced-color-adjust": "none",
    "color-scheme": "only light", visibility: "inherit",
  });
  const corners = [["top", "left"], ["top", "right"], ["bottom", "left"], ["bottom", "right"]].map(([one, other]) => {
    const corner = page.createElement("i");
    style(corner, { position: "absolute", [one]: "0", [other]: "0" });
    return corner;
  });
  const picture = page.createElementNS(SVG, "svg");
  picture.setAttribute("role", "img");
  picture.setAttribute("shape-rendering", "crispEdges");
  picture.setAttribute("aria-label", options.label ?? texts.label);
  // White whatever the page's colours are: scanners need the contrast and the quiet zone.
  style(picture, { display: "block", width: "100%", height: "100%", background: "#fff" });
  const ground = page.createElementNS(SVG, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", "#fff");
  const modules = page.createElementNS(SVG, "path");
  modules.setAttribute("fill", "#000");
  picture.append(ground, modules);
  box.append(picture, ...corners);

  const countdown = page.createElement("p");
  countdown.setAttribute("part", "countdown");
  countdown.setAttribute("role", "timer");
  countdown.setAttribute("aria-live", "off");
  countdown.style.setProperty("margin", "0");

  const status = page.createElement("p");
  status.setAttribute("part", "status");
  status.setAttribute("role", "status");
  status.style.setProperty("margin", "0");

  const button = page.createElement("button");
  button.type = "button";
  button.setAttribute("part", "button");
  button.textContent = texts.show;
  for (const name of ["min-height", "min-width"]) button.style.setProperty(name, "44px");
  button.addEventListener("click", options.onTap);

  shadow.append(box, countdown, status, button);
  target.append(root);
  let said = "";

  /** What the platform saw last. @type {IntersectionObserverEntry | null} */
  let seen = null;
  const watch = /** @type {any} */ ({ trackVisibility: true, delay: 100, threshold: [0, 1] });
  const watcher = new IntersectionObserver((entries) => (seen = entries.at(-1) ?? null), watch);
  watcher.observe(box);

  return {
    root,
    /**
     * Makes room for a code of this size, without drawing one.
     * @param {number} size modules a side
     * @returns {import("./index.js").Unreadable | null} why it could not be read here
     */
    hindrance(size) {
      style(box, { display: "block", "min-width": `${size * LEAST_MODULE}px` });
      picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
      return hindrance({ box, corners, ground, modules, seen }, size);
    },
    /** Keeps the room of a code, and draws none. */
    unreadable() {
      modules.removeAttribute("d");
      countdown.hidden = button.hidden = true;
    },
    /**
     * @param {{ path: string } | null} code
     * @param {number} [secondsLeft]
     */
    code(code, secondsLeft) {
      countdown.hidden = !code;
      button.hidden = Boolean(code);
      if (code) {
        if (modules.getAttribute("d") !== code.path) modules.setAttribute("d", code.path);
      } else {
        style(box, { display: "none" });
        modules.removeAttribute("d");
      }
      countdown.textContent = code && secondsLeft !== undefined ? texts.left(secondsLeft) : "";
    },
    /** How long a code that comes too soon has to wait. @param {number} seconds */
    soon(seconds) {
      countdown.hidden = false;
      countdown.textContent = texts.soon(seconds);
    },
    /** Said once per change, so that a screen reader is not interrupted each second. The code itself is never read out. @param {Said} what @param {boolean} [busy] */
    say(what, busy = false) {
      button.disabled = busy || what === "stopped";
      if (what === said) return;
      said = what;
      status.textContent = texts[what];
    },
    remove() {
      watcher.disconnect();
      button.removeEventListener("click", options.onTap);
      root.remove();
    },
  };
}
