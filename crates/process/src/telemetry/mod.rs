//! Logs and metrics of one process. Logs are a contract: one JSON object a line, the same field name everywhere.

mod fields;
mod format;
mod writer;

use crate::config::{LogFormat, LogLevel, TelemetryConfig};
use bridge_types::Clock;
use format::{JsonLines, ReadableLines};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use writer::LogWriter;

/// How long the end of the process waits for the reader of the log.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Whose log it is.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'n> {
    /// The member of each JSON line that holds the name: `company` or `sidecar`.
    pub kind: &'static str,
    /// The configured name.
    pub name: &'n str,
    /// Targets that are not a library's, beside `bridge` and all that begins with it.
    pub targets: &'static [&'static str],
}

/// The log of this process. Dropping it waits until what was logged is written, two seconds at most.
#[derive(Debug)]
pub struct Log(LogWriter);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(LAST_WORDS);
    }
}

/// Starts the log, to standard error, and the panic hook. Once per process; a second call changes nothing.
///
/// Nobody waits for the reader of the log: a thread writes it, and when a megabyte has gathered unread, further lines are
/// dropped, counted (`bridge_log_lines_dropped_total`) and told of in one line.
///
/// # Errors
/// When the system gives no thread to write it.
pub fn start_log(origin: Origin<'_>, config: TelemetryConfig, clock: Arc<dyn Clock>) -> io::Result<Log> {
    let writer = LogWriter::start(io::stderr(), log_lost)?;
    let terminal = io::stderr().is_terminal();
    let json = match config.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer.clone()).with_ansi(terminal && !json);
    let layer = if json {
        lines.event_format(JsonLines::new(origin, clock)).boxed()
    } else {
        lines.event_format(ReadableLines::new(clock)).boxed()
    };
    if tracing_subscriber::registry()
        .with(layer.with_filter(targets(config.log_level, origin.targets)))
        .try_init()
        .is_ok()
    {
        let writer = writer.clone();
        std::panic::set_hook(Box::new(move |panic| {
            log_panic(panic);
            // The panic may be the end of the process.
            writer.flush(LAST_WORDS);
        }));
    }
    Ok(Log(writer))
}

/// Says, once there is room again, that lines were lost because nobody read the log.
fn log_lost(lines: u64) {
    metrics::counter!("bridge_log_lines_dropped_total").increment(lines);
    tracing::error!(target: "bridge", event = "log_lines_dropped", outcome = "error", dropped = lines,
        "the log was not read fast enough");
}

/// Starts the metrics of this process; the handle renders them. Without a recorder of its own, because a process has only one, a
/// second part of the same process gets a handle that shows nothing.
pub fn start_metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("another part of this process has the metrics");
    }
    handle
}

/// Bridge itself at the wished level; libraries only when they complain, unless everything is wished for.
///
/// The libraries that talk to strangers complain of whatever a stranger sends, as often as it is sent: they are heard from
/// `debug` on. What they complain of is counted in `bridge_connections_closed_total`.
fn targets(level: LogLevel, ours: &[&'static str]) -> Targets {
    let own = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let libraries = if own == LevelFilter::TRACE { own } else { own.min(LevelFilter::WARN) };
    let ours = std::iter::once(&"bridge").chain(ours).map(|target| (*target, own));
    let facing_strangers = if own >= LevelFilter::DEBUG { libraries } else { LevelFilter::OFF };
    let facing_strangers = ["rustls", "actix_http"].map(|target| (target, facing_strangers));
    Targets::new().with_default(libraries).with_targets(facing_strangers).with_targets(ours)
}

/// Says that and where a thread panicked. The message of the panic stays unsaid: it may quote what it should not.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    tracing::error!(target: "bridge", event = "panic", detail = location, thread, "a thread panicked");
}
