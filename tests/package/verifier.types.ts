// The types of `jitsuin/verifier` as a server uses them; `make check` compiles this and runs nothing.
import { isJitsuinError } from "../../pkg/index.js";
import { Verifier, memorySingleUse } from "../../pkg/verifier.js";
import type { LiveDevice, Proof, RegisteredDevice, SingleUse, StepUp, Token, Verified } from "../../pkg/verifier.js";

declare const device: LiveDevice;
declare const text: string;
declare const body: Uint8Array;

/** Takes what was checked and nothing else. */
function pay({ value, device }: Verified<Token>): [counter: number, account: string] {
  return [value.counter, device.account];
}

export async function redeem(): Promise<bigint | null> {
  const singleUse: SingleUse = memorySingleUse();
  const verifier = await Verifier.create({
    issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async (handle) => (handle.length === 8 ? [device] : []), singleUse,
  });
  const sale = { money: { amount: 540n, currency: "JPY" }, till: "t/1" };
  try {
    const held = await verifier.redeem(text, sale);
    pay(held);
    // @ts-expect-error -- a number is no money
    await verifier.redeem(text, { money: { amount: 540, currency: "JPY" }, till: "t/1" });
    // @ts-expect-error -- nobody else makes one
    pay({ value: held.value, device, at: new Date() });
    // @ts-expect-error -- a token's check is no step-up's
    const wrong: Verified<StepUp> = held;
    void wrong;
    return held.value.limit?.amount ?? null;
  } catch (error) {
    if (isJitsuinError(error, "used-here") && error.details) return BigInt(error.details.counter);
    throw error;
  }
}

export async function others(verifier: Verifier, registered: RegisteredDevice): Promise<string> {
  const { value } = await verifier.checkStepUp(body, { assertion: JSON.parse(text), coSignature: body, device: registered });
  const agreed: true = value.userVerified;
  const proved: Verified<Proof, null> = await verifier.checkProof({ method: "POST", url: "https://issuer.example/v1/pay", proof: text, nonce: ["a", "b"], key: registered.publicKey, body });
  // @ts-expect-error -- the body is part of every proof
  await verifier.checkProof({ method: "POST", url: "https://issuer.example/v1/pay", proof: text, nonce: "a", key: registered.publicKey });
  // @ts-expect-error -- only `create` makes one
  new Verifier();
  // @ts-expect-error -- a boolean is no answer
  const silent: SingleUse = { claim: async () => true };
  void silent;
  return agreed ? proved.value.jti : "";
}
