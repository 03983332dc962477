// Style sheets that repaint, shrink, turn, veil or hide what stands in a page, most of them written in good faith for something else. Each
// names what becomes of a payment code in `main`: it is "read", or the cause for which none is shown.

/** Every rule that could be aimed at the code's own elements. */
const EVERYTHING =
  "fill: currentColor !important; stroke: red !important; stroke-width: 9px !important; fill-opacity: .1 !important; width: 1em !important; height: 1em !important; min-width: 0 !important; max-width: 1px !important; max-height: 1px !important; display: none !important; visibility: hidden !important; opacity: .1 !important; filter: invert(1) blur(9px) !important; transform: scaleX(-1) rotate(45deg) !important; clip-path: circle(1px) !important; mask: linear-gradient(transparent, transparent) !important; mix-blend-mode: difference !important; zoom: .1 !important; position: fixed !important; left: -9999px !important; font-size: 0 !important; line-height: 0 !important; writing-mode: vertical-rl !important; overflow: hidden !important; content-visibility: hidden !important; contain: strict !important; background: #000 !important; color: #fff !important; animation: turn 1s infinite !important; transition: all 9s !important; float: left !important; border: 40px solid #000 !important; padding: 90px !important";
const TURN = "@keyframes turn { to { transform: rotate(1turn) } }";
const VEIL = 'content: ""; position: fixed; inset: 0; z-index: 9; background: #000';

/** @type {readonly (readonly [name: string, css: string, becomes: string])[]} */
export const SHEETS = [
  ["icons take the text's colour", "path { fill: currentColor } main { color: #fff }", "read"],
  ["icons are outlines", "svg * { fill: none !important; stroke: currentColor !important; stroke-width: 2 !important }", "read"],
  ["icons are one letter wide", "svg { width: 1em !important; height: 1em !important; display: inline !important }", "read"],
  ["all that can be aimed at it", `${TURN} main *, main > div, svg, path, rect, main [part], div:empty, main [lang] { ${EVERYTHING} }`, "read"],
  ["a part", `::part(code), ::part(presentation), *::part(picture) { ${EVERYTHING} }`, "read"],
  ["what svg inherits", "main { fill: #fff; stroke: #000; stroke-width: 8px; fill-opacity: 0; stroke-opacity: 1; color: #fff; paint-order: stroke; shape-rendering: geometricPrecision; pointer-events: none; cursor: none }", "read"],
  ["what text inherits", "main { font: 0/0 serif; letter-spacing: 9em; direction: rtl; text-indent: -9999px; writing-mode: vertical-rl; white-space: pre; word-break: break-all; color-scheme: dark }", "read"],
  ["a root of one pixel", "html { font-size: 1px }", "read"],
  ["everything unset", "* { all: unset !important }", "read"],
  ["a reset of boxes", "*, *::before, *::after { box-sizing: border-box; margin: 0; padding: 0; max-width: 100%; min-width: 0; border: 0 solid }", "read"],
  ["a dark page", "html { color-scheme: dark; background: #000; color: #fff }", "read"],
  ["content generated beside it", `main div::before, main div::after { ${VEIL} !important; pointer-events: none }`, "read"],
  ["a row", "main { display: flex }", "read"],
  ["a narrow column", "main { width: 40px }", "read"],
  ["a card's shadow", "main { filter: drop-shadow(0 2px 4px rgb(0 0 0 / .4)) }", "read"],
  ["nearly opaque", "main { opacity: .99 }", "read"],
  ["moved and made larger", "main { transform: translate(20px, 10px) scale(1.2); transform-origin: 0 0 }", "read"],
  ["behind the page", 'body::before { content: ""; position: fixed; inset: 0; z-index: -1; pointer-events: none; background: #888 }', "read"],
  ["an ornament below it", 'main { position: relative } main::before { content: ""; position: absolute; inset: 0; pointer-events: none; background: #888 }', "read"],
  ["a colour that moves", "@keyframes glow { to { background-position: 9px; color: red } } main { animation: glow 1s infinite }", "read"],
  ["an end of an animation", "@keyframes come { from { opacity: 0 } } main { animation: come 50ms }", "read"],
  ["a page turned to dark by a filter", "html { filter: invert(1) hue-rotate(180deg) }", "filter"],
  ["a blur", "main { filter: blur(9px) }", "filter"],
  ["a fade", "main { opacity: .3 }", "opacity"],
  ["two fades", "body, main { opacity: .9 }", "opacity"],
  ["a blend", "body { background: #000 } main { mix-blend-mode: difference }", "blend"],
  ["a mask", "main { -webkit-mask-image: linear-gradient(#000, transparent); mask-image: linear-gradient(#000, transparent) }", "mask"],
  ["a clip", "body { clip-path: circle(60px) }", "mask"],
  ["a mirror", "main { transform: scaleX(-1) }", "shape"],
  ["a mirror by rotation", "main { transform: rotateY(180deg) }", "shape"],
  ["a turn", "main { rotate: 30deg }", "shape"],
  ["a squeeze", "main { transform: scaleY(.4) }", "shape"],
  ["a perspective", "body { perspective: 200px } main { transform: rotateX(50deg) }", "shape"],
  ["a thumbnail", "main { transform: scale(.2) }", "size"],
  ["a zoom", "main { zoom: .2 }", "size"],
  ["an endless animation", "@keyframes blink { 50% { opacity: 0 } } main { animation: blink 1s steps(1) infinite }", "moving"],
  ["a long transition", "main { transition: transform 90s; transform: translate(9px) }", "moving"],
  ["a hidden page", "main { display: none }", "hidden"],
  ["a page that keeps its place", "main { visibility: hidden }", "hidden"],
  ["no size", "main { transform: scale(0) }", "hidden"],
  ["far to the left", "main { position: absolute; left: -9999px }", "outside"],
  ["below the fold", "main { margin-top: 4000px }", "outside"],
  ["a closed drawer", "main { height: 0; overflow: hidden }", "covered"],
  ["a small window", "main { width: 90px; height: 90px; overflow: hidden }", "covered"],
  ["contents that are skipped", "main { content-visibility: hidden }", "covered"],
  ["an overlay", `body::after { ${VEIL} }`, "covered"],
  ["an overlay of the page that taps pass", `body::after { ${VEIL}; pointer-events: none }`, "covered"],
  ["an overlay of somebody else that taps pass", `#beside { ${VEIL}; pointer-events: none }`, "covered"],
  ["its own texts over it", "::part(status) { position: absolute; inset: 0; background: #000 }", "covered"],
];
