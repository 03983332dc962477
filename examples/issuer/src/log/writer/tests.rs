use super::*;
use std::sync::{Condvar, Mutex};

/// A place that takes nothing until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<Inside>);

#[derive(Default)]
struct Inside {
    is_open: Mutex<bool>,
    opened: Condvar,
    taken: Mutex<Vec<u8>>,
}

impl Gate {
    fn open(&self) {
        *self.0.is_open.lock().unwrap() = true;
        self.0.opened.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.taken.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(self.0.opened.wait_while(self.0.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
        self.0.taken.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_finds_no_room_is_counted_and_said() {
    let gate = Gate::default();
    let (log, _) = Log::start(gate.clone()).unwrap();
    let lines = WAITING + 100;
    for number in 0..lines {
        log.say(&format!("line {number}"));
    }
    log.flush(Duration::ZERO);
    gate.open();
    log.flush(Duration::from_secs(60));
    log.say("the last");
    log.flush(Duration::from_secs(60));
    let text = gate.text();
    let written = text.lines().filter(|line| line.starts_with("line ")).count();
    let said = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let dropped: u64 = said.map(|line| line["dropped"].as_u64().unwrap()).sum();
    assert!(dropped > 0);
    assert_eq!(written + usize::try_from(dropped).unwrap(), lines);
    assert!(text.ends_with("the last\n"), "{text}");
}
