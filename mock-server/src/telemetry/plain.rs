//! Log lines without colours, exactly as `tracing_subscriber` writes them. Its own formatter looks
//! up the style of each part and formats strings character by character, which took twice as long.

use jiff::{Timestamp, tz::Offset};
use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// Formats the time of a line: `2026-11-29T21:04:36.123456Z`.
#[derive(Debug, Clone, Copy)]
pub struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let time = written(Timestamp::now());
        writer.write_str(str::from_utf8(&time).unwrap_or_default())
    }
}

fn written(time: Timestamp) -> [u8; 27] {
    let time = Offset::UTC.to_datetime(time);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let mut put = |mut value: i32, places: std::ops::Range<usize>| {
        for digit in text[places].iter_mut().rev() {
            *digit += u8::try_from(value % 10).unwrap_or_default();
            value /= 10;
        }
    };
    put(time.year().into(), 0..4);
    put(time.month().into(), 5..7);
    put(time.day().into(), 8..10);
    put(time.hour().into(), 11..13);
    put(time.minute().into(), 14..16);
    put(time.second().into(), 17..19);
    put(time.subsec_nanosecond() / 1_000, 20..26);
    text
}

/// Formats the fields of a line: `status=200 merchant="flexitidemo"`.
#[derive(Debug, Clone, Copy)]
pub struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor {
            writer,
            is_first: true,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'w> {
    writer: Writer<'w>,
    is_first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, write: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let is_first = std::mem::replace(&mut self.is_first, false);
        self.result = (|| {
            if !is_first {
                self.writer.write_char(' ')?;
            }
            if !is_message(field) {
                let name = field.name();
                self.writer
                    .write_str(name.strip_prefix("r#").unwrap_or(name))?;
                self.writer.write_char('=')?;
            }
            write(&mut self.writer)
        })();
    }
}

fn is_message(field: &Field) -> bool {
    field.name() == "message"
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if is_message(field) {
            return self.record_debug(field, &format_args!("{value}"));
        }
        self.write(field, |writer| quoted(writer, value));
    }

    // Without this, numbers would be formatted through `Debug`.
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |writer| decimal(writer, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write(field, |writer| write!(Harmless(writer), "{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let is_message = is_message(field);
        self.write(field, |writer| {
            if is_message {
                write!(Harmless(writer), "{value:?}")
            } else {
                write!(writer, "{value:?}")
            }
        });
    }
}

fn quoted(out: &mut impl fmt::Write, value: &str) -> fmt::Result {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if value.bytes().all(is_plain) {
        out.write_char('"')?;
        out.write_str(value)?;
        out.write_char('"')
    } else {
        write!(out, "{value:?}")
    }
}

fn decimal(out: &mut impl fmt::Write, value: u64) -> fmt::Result {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    let mut rest = value;
    loop {
        first -= 1;
        digits[first] += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.write_str(str::from_utf8(&digits[first..]).unwrap_or_default())
}

/// A line of level `INFO` without a message, written field by field: exactly like an event, but
/// without the cost of dispatching one.
#[derive(Debug)]
pub struct Line(String);

impl Line {
    /// Starts a line with the current time.
    pub fn now() -> Self {
        let mut line = String::with_capacity(384);
        let time = written(Timestamp::now());
        line.push_str(str::from_utf8(&time).unwrap_or_default());
        line.push_str("  INFO");
        Self(line)
    }

    fn name(&mut self, name: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push('=');
    }

    /// Adds a field verbatim.
    pub fn bare(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(value);
    }

    /// Adds a quoted text, if there is one.
    pub fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            // Writing to a string cannot fail.
            let _ = quoted(&mut self.0, value);
        }
    }

    /// Adds a number, if there is one.
    pub fn number(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.name(name);
            let _ = decimal(&mut self.0, value);
        }
    }

    /// Ends the line.
    pub fn end(mut self) -> String {
        self.0.push('\n');
        self.0
    }
}

/// Escapes control characters, so that a message cannot control the reader's terminal.
struct Harmless<'w, 'o>(&'w mut Writer<'o>);

impl fmt::Write for Harmless<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for sign in text.chars() {
            match sign {
                '\x1b' | '\x07' | '\x08' | '\x0c' | '\x7f' => {
                    write!(self.0, "\\x{:02x}", u32::from(sign))?;
                }
                '\u{80}'..='\u{9f}' => write!(self.0, "\\u{{{:x}}}", u32::from(sign))?,
                sign => self.0.write_char(sign)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Fields, Line, written};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Written {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    impl Written {
        /// Each line, split into its time and the rest.
        fn lines(&self) -> Vec<(String, String)> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines = text.lines().map(|line| line.split_once(' ').unwrap());
            lines
                .map(|(time, rest)| (time.into(), rest.into()))
                .collect()
        }
    }

    fn say() {
        let absent: Option<&str> = None;
        let method = "POST";
        tracing::info!(%method, path = "/a \"b\"\\", status = 200_u16, absent, order_id = Some(7));
        tracing::warn!(
            r#type = "é\u{1b}[31m",
            share = 0.5,
            "a message\u{1b}[0m of {method}"
        );
        let error = io::Error::other("it \"broke\"\u{1b}");
        tracing::error!(%error, listed = ?["a", "b"], is_on = true, "\u{7}\u{85}");
        tracing::info!(none = 0_u64, ten = 10_u64, all = u64::MAX, below = -7_i64);
        tracing::info!(error = &error as &(dyn std::error::Error + 'static));
    }

    #[test]
    fn lines_are_as_the_subscriber_itself_writes_them() {
        let (own, other) = (Written::default(), Written::default());
        let subscriber = tracing_subscriber::fmt()
            .with_target(false)
            .with_ansi(false)
            .with_timer(Clock)
            .fmt_fields(Fields)
            .with_writer(own.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, say);
        let subscriber = tracing_subscriber::fmt()
            .with_target(false)
            .with_ansi(false)
            .with_writer(other.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, say);
        let (own, other) = (own.lines(), other.lines());
        assert_eq!((own.len(), other.len()), (5, 5));
        for (own, other) in own.iter().zip(&other) {
            assert_eq!(own.1, other.1);
            // They were written at different times.
            let shape = |time: &str| time.replace(|sign: char| sign.is_ascii_digit(), "0");
            assert_eq!(shape(&own.0), shape(&other.0));
        }
    }

    #[test]
    fn a_line_is_what_its_event_is_written_as() {
        let written = Written::default();
        for text in ["/a", "", "a \"b\"\\", "é\u{1b}[31m\n"] {
            for number in [None, Some(0), Some(10), Some(u64::MAX)] {
                let absent: Option<&str> = None;
                let event = || tracing::info!(method = %"GET", text, number, absent, last = 7);
                let subscriber = tracing_subscriber::fmt()
                    .with_target(false)
                    .with_ansi(false)
                    .with_writer(written.clone())
                    .finish();
                tracing::subscriber::with_default(subscriber, event);
                let mut line = Line::now();
                line.bare("method", "GET");
                line.text("text", Some(text));
                line.number("number", number);
                line.text("absent", absent);
                line.number("last", Some(7));
                let line = line.end();
                let (_, own) = line.split_once(' ').unwrap();
                let lines = written.lines();
                assert_eq!(own.trim_end_matches('\n'), lines.last().unwrap().1);
            }
        }
    }

    #[test]
    fn a_time_has_all_its_digits() {
        for text in [
            "1970-01-01T00:00:00.000000Z",
            "2026-11-29T21:04:36.000678Z",
            "9999-12-30T22:00:00.999999Z",
        ] {
            let written = written(text.parse().unwrap());
            assert_eq!(str::from_utf8(&written), Ok(text));
        }
    }
}
