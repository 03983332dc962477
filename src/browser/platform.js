// @ts-check
/**
 * Reading what the platform gives. Extensions, password managers and webviews put their own objects in the place of the platform's: a
 * getter or a method of theirs may be missing, or throw. What throws while the module reads it would end the module.
 */

/** What `read` gives; nothing if it throws. @template T @param {() => T} read @returns {T | undefined} */
export function tried(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * The bytes of an ArrayBuffer or a view of one, in place; nothing for anything else. No bytes count as nothing: some platforms say so that
 * there is none. An object of another realm (a frame, an extension) is not an instance of this realm's classes, so none is asked for.
 * @param {unknown} value @returns {Uint8Array<ArrayBuffer> | undefined}
 */
export function bytesOf(value) {
  return tried(() => {
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(value) ? value : new DataView(/** @type {ArrayBuffer} */ (value));
    return byteLength > 0 ? new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength) : undefined;
  });
}
