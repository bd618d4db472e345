use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How much of the log may wait to be written. A line that does not fit is dropped and counted.
const CAPACITY: usize = 1024 * 1024;
/// What an idle buffer keeps of its memory.
const IDLE_CAPACITY: usize = 64 * 1024;
/// How long lines gather before the next batch is written, when there are many.
const GATHER: Duration = Duration::from_millis(5);

/// The log on its way out: lines go into a buffer, and a thread of its own writes what has gathered.
///
/// Whoever logs never waits for the reader of the log, not even for one that has stopped reading. Clones share the
/// buffer; the thread ends with the last of them.
pub(super) struct LogWriter(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    /// A batch is being written.
    writing: bool,
    /// The thread waits for a line.
    idle: bool,
    handles: usize,
}

impl LogWriter {
    /// Starts writing to `out`. `lost` is told how many lines were dropped, once there is room again.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(out: impl Write + Send + 'static, lost: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let writer = Self::handle(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_to(out, lost))?;
        Ok(writer)
    }

    /// Waits until everything is written that was logged before, but no longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let unwritten = |state: &mut State| state.writing || !state.waiting.is_empty();
        drop(self.0.changed.wait_timeout_while(self.0.state(), patience, unwritten));
    }

    fn handle(shared: &Arc<Shared>) -> Self {
        shared.state().handles += 1;
        Self(Arc::clone(shared))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, line: &[u8]) {
        let mut state = self.state();
        if state.waiting.len() + line.len() > CAPACITY {
            state.dropped += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        if state.idle {
            self.changed.notify_all();
        }
    }

    fn write_to(&self, mut out: impl Write, lost: impl Fn(u64)) {
        let mut batch = Vec::new();
        while let Some(dropped) = self.next(&mut batch) {
            // An error says that nobody reads the log any more; then nobody is left to be told of it either.
            drop(out.write_all(&batch).and_then(|()| out.flush()));
            batch.clear();
            batch.shrink_to(IDLE_CAPACITY);
            if dropped > 0 {
                lost(dropped);
            }
            if self.written() {
                std::thread::sleep(GATHER);
            }
        }
    }

    /// Waits for lines, puts them into the empty batch, and says how many were dropped on the way. `None` once nobody is
    /// left to write any.
    fn next(&self, batch: &mut Vec<u8>) -> Option<u64> {
        let nothing_to_do = |state: &mut State| {
            state.idle = state.waiting.is_empty() && state.handles > 0;
            state.idle
        };
        let waited = self.changed.wait_while(self.state(), nothing_to_do);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        std::mem::swap(&mut state.waiting, batch);
        state.writing = true;
        Some(std::mem::take(&mut state.dropped))
    }

    /// The batch is written. True when more lines have come meanwhile: then there is much to write, and it is written in
    /// larger pieces. A line that comes alone is written at once.
    fn written(&self) -> bool {
        let mut state = self.state();
        state.writing = false;
        self.changed.notify_all();
        !state.waiting.is_empty()
    }
}

impl Clone for LogWriter {
    fn clone(&self) -> Self {
        Self::handle(&self.0)
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.0.state().handles -= 1;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter").finish_non_exhaustive()
    }
}

/// What one event is written to. The formatter writes an event as one piece, so lines are kept or dropped whole.
pub(super) struct Line<'w>(&'w Shared);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Line<'w> {
        Line(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, LogWriter};
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;
    use tracing_subscriber::fmt::MakeWriter;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Hands every write on, and may be made to wait before each.
    struct Out {
        written: Sender<Vec<u8>>,
        gate: Option<Receiver<()>>,
    }

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the gate is gone nothing is held up any more.
            let _ = self.gate.as_ref().map(Receiver::recv);
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(writer: &LogWriter, line: &str) {
        writer.make_writer().write_all(line.as_bytes()).unwrap();
    }

    fn text(written: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(written.try_iter().flatten().collect()).unwrap()
    }

    #[test]
    fn writes_every_line_in_order_and_in_few_pieces() {
        let (sender, written) = channel();
        let writer = LogWriter::start(Out { written: sender, gate: None }, |_| {}).unwrap();
        let expected: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
        for line in &expected {
            log(&writer, line);
        }
        writer.flush(PATIENCE);
        let pieces: Vec<_> = written.try_iter().collect();
        assert!(pieces.len() < 500, "{}", pieces.len());
        assert_eq!(String::from_utf8(pieces.concat()).unwrap(), expected.concat());
    }

    #[test]
    fn a_reader_that_stops_holds_up_nobody_and_what_was_lost_is_counted() {
        let ((sender, written), (open, gate), (tell, told)) = (channel(), channel(), channel());
        let lost = move |count| tell.send(count).unwrap();
        let writer = LogWriter::start(Out { written: sender, gate: Some(gate) }, lost).unwrap();
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..3 * CAPACITY / line.len() {
            log(&writer, &line);
        }
        writer.flush(Duration::from_millis(50));
        assert_eq!(text(&written), "", "nothing was read yet");
        drop(open);
        writer.flush(PATIENCE);
        let lines = text(&written).lines().count();
        let dropped: u64 = told.try_iter().sum();
        assert_eq!(lines + usize::try_from(dropped).unwrap(), 3 * CAPACITY / line.len());
        assert!(dropped > 0);
    }

    #[test]
    fn its_thread_ends_with_its_last_handle() {
        let (sender, written) = channel();
        let writer = LogWriter::start(Out { written: sender, gate: None }, |_| {}).unwrap();
        log(&writer.clone(), "the last words\n");
        drop(writer);
        let words: Vec<_> = written.iter().flatten().collect();
        assert_eq!(words, b"the last words\n", "and the channel closed behind them");
    }
}
