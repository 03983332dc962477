import type { ErrorCode, JitsuinError } from "./index.js";

/** What a user reads: what happened, what it means, and the word for a button, if something can be done. */
export interface Text {
  readonly title: string;
  readonly body: string;
  readonly action: string | null;
}
export type Catalogue = Readonly<Record<ErrorCode, Text>>;
/** Separate constants: a bundler drops the unused one. */
export const en: Catalogue;
export const ja: Catalogue;
/** `{ ...ja, cancelled: {…} }` overrides. Fills in amounts and times with `Intl`. */
export function explain(error: JitsuinError, catalogue: Catalogue, locale?: string): Text;
