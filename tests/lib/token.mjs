// What a payment token says, read with a CBOR library by others.
import { Decoder } from "cbor-x";

const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** @param {string} text */
export function decodeToken(text) {
  if (!text.startsWith("JT1")) throw new Error("no payment token");
  let bits = "";
  for (const letter of text.slice(3)) bits += LETTERS.indexOf(letter).toString(2).padStart(5, "0");
  const bytes = Uint8Array.from({ length: bits.length >> 3 }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2));
  const sign1 = decoder.decode(bytes);
  const [, , payload] = sign1.value ?? sign1;
  const claims = decoder.decode(payload);
  // `cti`: the counter big-endian, then four random bytes.
  return { exp: claims.get(4), iat: claims.get(6), atc: Buffer.from(claims.get(7)).readUInt32BE(0) };
}
