//! Logs and metrics of one process. Logs are a contract: one JSON object a line, the same field name everywhere.

mod fields;
mod format;

use crate::config::{LogFormat, LogLevel, TelemetryConfig};
use bridge_types::Clock;
use format::{JsonLines, ReadableLines};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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

/// Starts the log, to standard error, and the panic hook. Once per process; a second call changes nothing.
pub fn start_log(origin: Origin<'_>, config: TelemetryConfig, clock: Arc<dyn Clock>) {
    let terminal = std::io::stderr().is_terminal();
    let json = match config.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(terminal && !json);
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
        std::panic::set_hook(Box::new(log_panic));
    }
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
    Targets::new().with_default(libraries).with_targets(ours)
}

/// Says that and where a thread panicked. The message of the panic stays unsaid: it may quote what it should not.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    tracing::error!(target: "bridge", event = "panic", detail = location, thread, "a thread panicked");
}
