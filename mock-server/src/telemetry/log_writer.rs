//! Writes the log to standard error. Requests only append to a bounded buffer, which a separate
//! thread writes out. A reader that is slow or gone, or a full disk, therefore costs log lines,
//! which are counted, but never delays an answer.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// The size of the buffer in bytes; a line that does not fit is dropped.
const BUFFER: usize = 1024 * 1024;
/// How long lines are collected for a single system call.
const TOGETHER: Duration = Duration::from_millis(5);

/// The number of lines dropped since the process started; global, because there is one standard
/// error.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// The writer for preformatted lines; unset if the log is JSON or coloured.
static DIRECT: OnceLock<LogWriter> = OnceLock::new();

/// The writer for preformatted lines, if the log is plain text.
pub fn direct() -> Option<&'static LogWriter> {
    DIRECT.get()
}

/// How many lines were dropped because nobody read them or they could not be written.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// A handle to the buffered log.
#[derive(Debug, Clone, Default)]
pub struct LogWriter(Arc<Lines>);

#[derive(Debug, Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    /// There is something to write, or the log ends.
    more: Condvar,
    /// Everything has been written.
    idle: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    is_writing: bool,
    ends: bool,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic leaves nothing half done here, so a poisoned lock is safe to use.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogWriter {
    /// Starts a log that writes to `out`.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let writer = Self::default();
        let shared = Arc::clone(&writer.0);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_out(&shared, out))?;
        Ok(writer)
    }

    /// Makes this the writer for preformatted lines; there is one log per process.
    pub fn take_direct(&self) {
        let _ = DIRECT.set(self.clone());
    }

    /// Appends a line, or drops it; never blocks and never fails.
    pub fn put(&self, line: &[u8]) {
        let mut waiting = self.0.waiting();
        if waiting.bytes.len() + line.len() > BUFFER {
            DROPPED.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            self.0.more.notify_one();
        }
    }

    /// Writes what is left, for at most `time`. Call it at the end of the program.
    pub fn finish(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut waiting = self.0.waiting();
        waiting.ends = true;
        self.0.more.notify_one();
        while waiting.is_writing || !waiting.bytes.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.0.idle.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Write for &LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = &'w Self;

    fn make_writer(&'w self) -> Self::Writer {
        self
    }
}

fn write_out(shared: &Lines, mut out: impl Write) {
    let mut told = 0;
    loop {
        let mut waiting = shared.waiting();
        while waiting.bytes.is_empty() && !waiting.ends {
            let woken = shared.more.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.ends {
            let woken = shared
                .more
                .wait_timeout_while(waiting, TOGETHER, |waiting| !waiting.ends);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let lines = std::mem::take(&mut waiting.bytes);
        let ends = waiting.ends;
        waiting.is_writing = !lines.is_empty();
        drop(waiting);
        if let Err(left) = write_all(&mut out, &lines) {
            let lost = memchr::memchr_iter(b'\n', left).count();
            DROPPED.fetch_add(lost as u64, Ordering::Relaxed);
        } else if dropped() > told {
            // Only now: before, nobody could have read it.
            tracing::warn!(
                dropped = dropped() - told,
                "log lines were dropped: they came faster than they were read"
            );
            told = dropped();
        }
        let mut waiting = shared.waiting();
        waiting.is_writing = false;
        shared.idle.notify_all();
        if ends && waiting.bytes.is_empty() {
            return;
        }
    }
}

/// Writes all of it; on an error, returns what is left.
fn write_all<'l>(out: &mut impl Write, lines: &'l [u8]) -> Result<(), &'l [u8]> {
    let mut left = lines;
    while !left.is_empty() {
        match out.write(left) {
            Ok(0) => return Err(left),
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(left),
        }
    }
    out.flush().map_err(|_| left)
}
