//! A panic of the product, in whatever task of a story, is a broken promise: it is noted and not printed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread tells a story: a test's own panics are printed as ever.
    static TELLS: Cell<bool> = const { Cell::new(false) };
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Tells a story; none, if the teller panicked. `RUST_BACKTRACE=town` prints panics too.
pub fn noted<R>(tell: impl FnOnce() -> R) -> Option<R> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !TELLS.get() {
                return before(panic);
            }
            let first = FIRST.with_borrow_mut(|held| held.get_or_insert_with(|| panic.to_string()).clone());
            if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "town") {
                eprintln!("{first}");
            }
        }));
    });
    FIRST.set(None);
    TELLS.set(true);
    let told = catch_unwind(AssertUnwindSafe(tell));
    TELLS.set(false);
    told.ok()
}

/// The first panic in this thread's story since this was asked, in one line.
pub fn take() -> Option<String> {
    FIRST.take().map(|panic| panic.replace('\n', " "))
}
