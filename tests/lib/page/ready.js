globalThis.testReady = new Promise((resolve) => (globalThis.testKitReady = resolve));
