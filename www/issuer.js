// @ts-check
/**
 * Thumbprint of the issuer's root key: the constant of a wallet's page from which everything the issuer signs is checked. A real page is
 * built with it. The demo's issuer makes its keys at its first start and serves this file with its own root in it, over the same road as
 * every answer: so here it shows where the constant goes, and protects from nobody on that road. `undefined`: the first root that is seen
 * is pinned.
 * @type {string | undefined}
 */
export const ROOT = undefined;
