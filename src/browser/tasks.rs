//! Promises as futures and futures as promises. A page has two or three calls under way at once, so there is one waker:
//! whatever is woken, every task is polled again. One that tells them apart, with the bindings it needs, is a fiftieth of the
//! page's module.

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The name of what a promise is rejected with that the platform leaves open (`deadline.js`).
pub(super) const SILENT: &str = "platform-silent";

#[wasm_bindgen(raw_module = "./browser/tasks.js")]
extern "C" {
    /// A promise.
    #[derive(Clone, Debug)]
    pub type Promise;

    /// How a promise ended, once it has.
    pub(super) type Outcome;
    #[wasm_bindgen(constructor)]
    fn new(promise: &Promise, module: &JsValue) -> Outcome;
    /// 0: it is open; 1: it was fulfilled; 2: it was rejected.
    #[wasm_bindgen(method, getter)]
    fn state(this: &Outcome) -> u32;
    /// What it was fulfilled or rejected with.
    #[wasm_bindgen(method, getter)]
    pub(super) fn value(this: &Outcome) -> JsValue;
    /// The bytes that it was fulfilled with, if it was.
    #[wasm_bindgen(method, getter)]
    pub(super) fn bytes(this: &Outcome) -> Option<Vec<u8>>;
    /// The word that it was fulfilled with, or the name of the error that it was rejected with; else an empty text.
    #[wasm_bindgen(method, getter)]
    pub(super) fn word(this: &Outcome) -> String;

    type Pledge;
    #[wasm_bindgen(constructor)]
    fn new() -> Pledge;
    #[wasm_bindgen(method, getter)]
    fn promise(this: &Pledge) -> Promise;
    #[wasm_bindgen(method)]
    fn settle(this: &Pledge, fulfilled: bool, value: &JsValue);

    fn wake(module: &JsValue);
}

/// A promise as a future, and what is read from its outcome. Only a task of [`promise`] hears when it is there.
pub(super) struct Settled<T> {
    outcome: Outcome,
    read: fn(&Outcome) -> T,
}

impl Outcome {
    pub(super) fn is_fulfilled(&self) -> bool {
        self.state() == 1
    }

    /// Waits for a promise, and reads from its outcome.
    pub(super) fn of<T>(promise: Promise, read: fn(&Self) -> T) -> Settled<T> {
        Settled { outcome: Self::awaited(promise), read }
    }

    fn awaited(promise: Promise) -> Self {
        Self::new(&promise, &wasm_bindgen::exports())
    }
}

impl<T> Future for Settled<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        if self.outcome.state() == 0 { Poll::Pending } else { Poll::Ready((self.read)(&self.outcome)) }
    }
}

/// What a task ends with.
type Ending = Result<JsValue, JsValue>;

struct Task {
    future: Pin<Box<dyn Future<Output = Ending>>>,
    pledge: Pledge,
}

thread_local! {
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Wakes every task.
struct Everyone;

impl Wake for Everyone {
    fn wake(self: Arc<Self>) {
        wake(&wasm_bindgen::exports());
    }
}

/// Runs a future and promises its end. It is polled for the first time once the caller is done.
pub fn promise(future: Pin<Box<dyn Future<Output = Ending>>>) -> Promise {
    let pledge = Pledge::new();
    let promise = pledge.promise();
    TASKS.with_borrow_mut(|tasks| tasks.push(Task { future, pledge }));
    wake(&wasm_bindgen::exports());
    promise
}

/// Polls every task. For `tasks.js` alone.
#[wasm_bindgen]
pub fn run_tasks() {
    let waker = Waker::from(Arc::new(Everyone));
    let mut context = Context::from_waker(&waker);
    // Taken out first: a task that runs may begin another.
    let mut tasks = TASKS.take();
    let mut at = 0;
    while let Some(task) = tasks.get_mut(at) {
        match task.future.as_mut().poll(&mut context) {
            Poll::Pending => at += 1,
            Poll::Ready(ending) => {
                let fulfilled = ending.is_ok();
                let (Ok(value) | Err(value)) = ending;
                task.pledge.settle(fulfilled, &value);
                tasks.remove(at);
            }
        }
    }
    TASKS.with_borrow_mut(|begun| {
        tasks.append(begun);
        *begun = tasks;
    });
}
