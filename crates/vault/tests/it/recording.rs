use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::sync::Once;
use tracing::Metadata;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

thread_local! {
    /// What this test has logged. A test and everything it spawns run on one thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// From now on keeps what this test logs, at every level and from every crate.
///
/// The subscriber is global, because scoped ones of tests that run at the same time disturb each other.
pub(crate) fn start() {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let recording = |_: &Metadata<'_>, _: &Context<'_, _>| LINES.with_borrow(Option::is_some);
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(|| Writer);
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(dynamic_filter_fn(recording)));
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    LINES.set(Some(Vec::new()));
}

/// All of it.
pub(crate) fn text() -> String {
    LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap()).unwrap())
}

/// Bridge's own lines with this event.
pub(crate) fn events(name: &str) -> Vec<Value> {
    let lines: Vec<Value> = text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().filter(|line| line["target"] == "bridge" && line["event"] == name).collect()
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map_or(Ok(bytes.len()), |lines| lines.write(bytes)))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
