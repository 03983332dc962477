// @ts-check
/**
 * Whether a drawn code can be read where it stands. No rule of the page reaches the picture itself (pkg/drawing.js), but what applies to
 * the elements around it also applies to the picture, so it is looked at each time a code is painted.
 */

/** CSS pixels of one module: below, neither cameras nor screenshots can be relied on. */
export const LEAST_MODULE = 2;
/** An ancestor that is nearly opaque leaves enough contrast. */
const LEAST_OPACITY = 0.9;
/** How far the picture may be from an upright square, as a part of its side. */
const CROOKED = 0.02;
const SIDES = /** @type {const} */ (["::before", "::after"]);
const WHITE = "rgb(255, 255, 255)";
const BLACK = "rgb(0, 0, 0)";

/** @typedef {import("./index.js").Unreadable} Unreadable */

/** What moves or repaints the picture while it runs. @param {string} property */
const touches = (property) => !/^(computedOffset|offset|easing|composite|background.*|outline.*|.*[cC]olor|.*Shadow)$/.test(property);

/** @param {Element} element */
function isAnimated(element) {
  const animations = element.getAnimations?.() ?? [];
  return animations.some(({ playState, effect }) => {
    const frames = playState === "running" && effect && "getKeyframes" in effect ? /** @type {KeyframeEffect} */ (effect).getKeyframes() : [];
    return frames.some((frame) => Object.keys(frame).some(touches));
  });
}

/** Whether nothing of it may be seen but through a mask. @param {CSSStyleDeclaration} style */
function isMasked(style) {
  const names = ["clip-path", "mask-image", "-webkit-mask-image", "mask-border-source", "-webkit-mask-box-image-source"];
  return names.some((name) => !["", "none"].includes(style.getPropertyValue(name)));
}

/** Shadows fall outside of an opaque picture. @param {CSSStyleDeclaration} style */
const filters = (style) => style.filter.replace(/drop-shadow\((?:[^()]|\([^()]*\))*\)/g, "").replace("none", "").trim() !== "";

/**
 * Generated content that lies over the picture and lets every tap through, so that no tap would find it.
 * @param {Element} element
 * @param {Window} view
 */
function isVeiled(element, view) {
  return SIDES.some((side) => {
    const style = view.getComputedStyle(element, side);
    const isThere = !["none", "normal", ""].includes(style.content) && style.display !== "none" && style.visibility === "visible";
    if (!isThere || style.pointerEvents !== "none" || style.position === "static") return false;
    // Of those on one level the later one lies on top.
    const level = Number(style.zIndex) || 0;
    return side === "::before" ? level > 0 : level >= 0;
  });
}

/** The element around it, also out of a shadow root and out of a frame of the same origin. @param {Element} element @returns {Element | null} */
function around(element) {
  if (element.assignedSlot) return element.assignedSlot;
  const { parentNode } = element;
  if (parentNode && "host" in parentNode) return /** @type {ShadowRoot} */ (parentNode).host;
  if (element.parentElement) return element.parentElement;
  try {
    return element.ownerDocument.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {Element} box what holds the picture
 * @returns {{ hinders: Unreadable | null, plain: boolean }} `plain`: no effect at all lies on it, not even one that is harmless
 */
function effects(box) {
  let opacity = 1;
  let plain = true;
  for (let element = /** @type {Element | null} */ (box); element; element = around(element)) {
    const view = element.ownerDocument.defaultView;
    if (!view) return { hinders: "hidden", plain };
    const style = view.getComputedStyle(element);
    opacity *= Number(style.opacity);
    plain &&= style.opacity === "1" && ["filter", "transform", "scale", "rotate", "translate"].every((name) => ["", "none"].includes(style.getPropertyValue(name)));
    /** @type {Unreadable | null} */
    const hinders = filters(style) ? "filter" : style.mixBlendMode !== "normal" ? "blend" : isMasked(style) ? "mask" : isAnimated(element) ? "moving" : isVeiled(element, view) ? "covered" : null;
    if (hinders) return { hinders, plain };
  }
  return { hinders: opacity < LEAST_OPACITY ? "opacity" : null, plain };
}

/**
 * Whether a tap at this point would meet the element. Asked of each tree that it is in: Firefox does not see in a shadow root what lies over it.
 * @param {Element} element
 * @param {number} x
 * @param {number} y
 */
function isOnTop(element, x, y) {
  for (let node = element; ; ) {
    const tree = /** @type {Document | ShadowRoot} */ (node.getRootNode());
    const found = tree.elementFromPoint(x, y);
    if (!found || !node.contains(found)) return false;
    if (!("host" in tree)) return true;
    node = tree.host;
  }
}

/**
 * @param {object} drawn
 * @param {HTMLElement} drawn.box what holds the picture
 * @param {readonly Element[]} drawn.corners without size, in its corners: top left, top right, bottom left, bottom right
 * @param {SVGElement} drawn.ground
 * @param {SVGElement} drawn.modules
 * @param {IntersectionObserverEntry | null} drawn.seen what the platform saw last of the box, where it looks at that
 * @param {number} size modules a side
 * @returns {Unreadable | null}
 */
export function hindrance({ box, corners, ground, modules, seen }, size) {
  const view = box.ownerDocument.defaultView;
  if (!view || !box.isConnected) return "hidden";
  const { hinders, plain } = effects(box);
  if (hinders) return hinders;
  if (view.getComputedStyle(box).visibility !== "visible") return "hidden";
  if (view.getComputedStyle(modules).fill !== BLACK || view.getComputedStyle(ground).fill !== WHITE) return "colors";

  // Where the corners came to be says what every transform, zoom and layout around made of the picture.
  const [topLeft, topRight, bottomLeft, bottomRight] = corners.map((corner) => corner.getBoundingClientRect());
  const side = topRight.x - topLeft.x;
  if (Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y) < 1) return "hidden";
  if (Math.abs(side) < size * LEAST_MODULE) return "size";
  const near = (/** @type {number} */ value, /** @type {number} */ wanted) => Math.abs(value - wanted) <= Math.abs(side) * CROOKED;
  const { x, y } = topLeft;
  const upright = side > 0 && near(topRight.y, y) && near(bottomLeft.x, x) && near(bottomLeft.y, y + side) && near(bottomRight.x, x + side) && near(bottomRight.y, y + side);
  if (!upright) return "shape";

  const edge = side / size;
  if (x + edge < 0 || y + edge < 0 || x + side - edge > view.innerWidth || y + side - edge > view.innerHeight) return "outside";
  for (let row = 0; row <= 4; row += 1) {
    for (let column = 0; column <= 4; column += 1) {
      if (!isOnTop(box, x + edge + ((side - 2 * edge) * column) / 4, y + edge + ((side - 2 * edge) * row) / 4)) return "covered";
    }
  }
  // Chromium also finds what lets taps through. It calls every effect invisible, so its word counts only where there is none.
  const isHidden = seen?.isIntersecting && /** @type {any} */ (seen).isVisible === false;
  return plain && isHidden ? "covered" : null;
}
