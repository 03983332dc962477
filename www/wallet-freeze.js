// @ts-check
// Freezing: by a key of this device, and by the passkey where the keys have no freeze left today.
import { PageError, agree, t } from "/page.js";
import { freezeByPasskey, whyNot } from "/stop-passkey.js";
import { TillClient } from "/till-client.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */

/** A key for the passkey's calls, which take any. @type {TillClient | undefined} */
let client;

/** Asks, and freezes the account. Whoever copied a key of this device may have used up the day's freezes of them all: the
 * next tap then asks for the passkey, which has no limit.
 * @param {OpenWallet} wallet @param {{ title: string, text: string, button: string }} ask
 * @param {bigint} [notMine] the payment that was not its owner's
 * @returns {Promise<true | undefined>} nothing if the user went back */
export function agreeToFreeze(wallet, ask, notMine) {
  const freeze = () => wallet.freeze(notMine === undefined ? {} : { notMine }).then(() => /** @type {const} */ (true));
  const byPasskey = async () => {
    try {
      client ??= await TillClient.passing();
      const here = client;
      await freezeByPasskey((path, body) => here.change(path, body));
    } catch (error) {
      const { code, text } = whyNot(error);
      throw new PageError(code, text);
    }
    // The wallet learns of it by its own order, which is always taken now, and which says what was not its owner's.
    return freeze();
  };
  return agree({ ...ask, danger: true, confirm: freeze, instead: { code: "too-many-attempts", button: t("stop.passkey"), confirm: byPasskey } });
}
