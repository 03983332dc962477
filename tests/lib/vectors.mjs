// The shared vectors as JSON, and their pinned counts.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";

const root = new URL("../vectors/", import.meta.url);

/** Folders with the number of their vectors. */
export const folders = new Map([
  ["allowance", 30], ["approval", 31], ["assertion", 15], ["dpop", 28], ["enrol", 31], ["freeze", 30], ["head", 30], ["intent", 27], ["keyset", 31],
  ["quote", 30], ["receipt", 30], ["shop-code", 90], ["step-up", 30], ["till-code", 35], ["time", 30], ["token", 81],
]);

/** @param {string} folder */
export function vectors(folder) {
  const files = readdirSync(new URL(`${folder}/`, root)).filter((name) => name.endsWith(".json")).sort();
  return files.map((name) => JSON.parse(readFileSync(new URL(`${folder}/${name}`, root), "utf8")));
}

/**
 * @param {{ expect: string, at: number | null, fields: unknown }} got
 * @param {{ rule: string, expect: string, at?: number | null, fields: unknown }} vector
 */
export function same(got, vector) {
  assert.deepEqual(got, { expect: vector.expect, at: vector.at ?? null, fields: vector.fields }, vector.rule);
}
