// The module's own calls, as src/js writes them. Internal: not in the package, never handed out.
export interface Raw {
  qr(text: string): { size: number; path: string; svg: string };
  RawWallet: { open(options: string, fetch: ((request: Request) => Promise<Response>) | undefined, onChange: () => void, host?: object): Promise<RawWallet> };
}

/** A request is the JSON of a list of texts: a verb by its name in src/wallet.rs, and its arguments in their order. */
export interface RawWallet {
  call(request: string): Promise<any>;
  ask(request: string): unknown;
  presentation(): RawPresentation;
}

export interface RawCeremony { id: number; intent: unknown }
export type RawConfirmed = { outcome: "enrolled"; device: unknown } | { outcome: "receipt"; receipt: unknown } | { outcome: "pending"; id: string } | { outcome: "code-sent"; attempt: string };

export interface RawPresentation {
  tell(what: "at" | "opened" | "tapped" | "drawn" | "blurred"): RawView;
  tell(what: "news"): unknown;
  make(bounds: string): Promise<unknown>;
}
export type Wait = "start" | "paid" | "declined" | "blurred" | "rested" | "failed";
export type RawView =
  | { phase: "waiting"; reason: Wait }
  | { phase: "making" }
  | { phase: "soon"; secondsLeft: number }
  | { phase: "showing"; secondsLeft: number };

export interface RawWorld {
  answer(method: string, path: string, body: Uint8Array, proof: string | undefined, source: string): Promise<RawAnswer>;
  problem(code: string): RawAnswer;
  add_account(account: object): Promise<string>;
  balance(account: string): Promise<unknown>;
  inbox(): Promise<unknown>;
  finish_card_proof(proof: string, code: string): Promise<void>;
  open_till(till: object, fetch: (request: Request) => Promise<Response>): Promise<RawTill>;
  sweep(): Promise<void>;
  audit(): Promise<string | undefined>;
  issuer_now(): number;
  wallet_now(): number;
  advance(ms: number, everybody: boolean): void;
  open_wallet(options: string, fetch: Function, onChange: () => void, secret?: () => Uint8Array | null): Promise<RawWallet>;
  prompt_answers(how: string): void;
  prompt_tampers(what: string): void;
  forget_passkeys(): void;
  evict(): void;
  corrupt(): void;
  prompts(): string[];
}
export interface RawAnswer { status: number; contentType: string; body: string; nonce: string | null; retryAfter: number | null }
export interface RawTill {
  id(): string;
  charge(token: string, amount: string, currency: string, key: string): Promise<unknown>;
  look_up(key: string): Promise<unknown>;
  reverse(payment: string, key: string): Promise<unknown>;
}
