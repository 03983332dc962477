// @ts-check
/**
 * The picture of a presentation, built node by node: no markup is parsed, so it works with Trusted Types, and styles are set through
 * the object model, which a content policy without inline styles allows.
 */

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
    paid: "支払いが完了しました",
    declined: "支払いは承認されませんでした",
    failed: "コードを作成できませんでした",
    stopped: "支払いコードは停止しています",
  },
};
/** @typedef {Exclude<keyof typeof TEXTS.en, "left" | "soon">} Said */

/**
 * @param {HTMLElement | SVGElement} element
 * @param {Record<string, string>} styles
 */
function style(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
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
  style(root, { display: "grid", gap: "0.75rem", "justify-items": "center" });

  const picture = page.createElementNS(SVG, "svg");
  picture.setAttribute("part", "code");
  picture.setAttribute("role", "img");
  picture.setAttribute("shape-rendering", "crispEdges");
  picture.setAttribute("aria-label", options.label ?? texts.label);
  // White whatever the page's colours are: scanners need the contrast and the quiet zone.
  style(picture, { width: "100%", "max-width": "20rem", "aspect-ratio": "1", background: "#fff", "forced-color-adjust": "none", "color-scheme": "light" });
  const ground = page.createElementNS(SVG, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", "#fff");
  const modules = page.createElementNS(SVG, "path");
  modules.setAttribute("fill", "#000");
  picture.append(ground, modules);

  const countdown = page.createElement("p");
  countdown.setAttribute("part", "countdown");
  countdown.setAttribute("role", "timer");
  countdown.setAttribute("aria-live", "off");
  style(countdown, { margin: "0" });

  const status = page.createElement("p");
  status.setAttribute("part", "status");
  status.setAttribute("role", "status");
  style(status, { margin: "0" });

  const button = page.createElement("button");
  button.type = "button";
  button.setAttribute("part", "button");
  button.textContent = texts.show;
  style(button, { "min-height": "44px", "min-width": "44px" });
  button.addEventListener("click", options.onTap);

  root.append(picture, countdown, status, button);
  target.append(root);
  let said = "";

  return {
    root,
    /**
     * @param {{ size: number, path: string } | null} code
     * @param {number} [secondsLeft]
     */
    code(code, secondsLeft) {
      picture.style.setProperty("display", code ? "block" : "none");
      countdown.hidden = !code;
      button.hidden = Boolean(code);
      if (code) {
        picture.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
        if (modules.getAttribute("d") !== code.path) modules.setAttribute("d", code.path);
      } else {
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
      button.removeEventListener("click", options.onTap);
      root.remove();
    },
  };
}
