//! Compares expected lines with printed ones. `…` stands for anything, and values that differ from
//! run to run are left out.

/// Whether lines are as expected, `…` standing for anything.
pub(super) fn matches(expected: &[String], actual: &[String]) -> bool {
    match (expected.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.trim() == "…" => {
            (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..]))
        }
        (Some((first, rest)), Some((line, lines))) => {
            line_matches(first.trim_end(), line.trim_end()) && matches(rest, lines)
        }
        _ => false,
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((first, others)) = expected.split_once('…') else {
        return expected == actual;
    };
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    // Taking the leftmost place for each text between two ellipses leaves the most to the others.
    let (between, last) = others.rsplit_once('…').unwrap_or(("", others));
    for text in between.split('…') {
        match rest.split_once(text) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A line with volatile values replaced: tokens, times and durations.
pub(super) fn steady(line: &str) -> String {
    let mut steady = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let inside = steady.ends_with(|c: char| c.is_ascii_alphanumeric());
        let (length, name) = match () {
            () if inside => (0, ""),
            () if steady.ends_with("***") => (span(rest, |c| c.is_ascii_hexdigit()), "‹hash›"),
            () if steady.ends_with("duration_us=") => (digits(rest), "‹n›"),
            () if steady.ends_with("\"duration_us\":") => (digits(rest), "‹n›"),
            () => (volatile(rest), "‹volatile›"),
        };
        if length > 0 {
            steady.push_str(name);
            rest = &rest[length..];
        } else {
            steady.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    steady
}

/// The length of a text up to the first character that is not so.
fn span(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    span(text, |c| c.is_ascii_digit())
}

/// The length of a token, a time or a duration that the text begins with.
fn volatile(text: &str) -> usize {
    let hex = span(text, |c| c.is_ascii_hexdigit());
    let whole = span(text, |c| c.is_ascii_alphanumeric());
    if hex >= 32 && hex == whole {
        return hex;
    }
    let time = span(text, |c| c.is_ascii_digit() || "-T:.Z".contains(c));
    if text[..time].contains('T') && text[..time].ends_with('Z') {
        return time;
    }
    let number = span(text, |c| c.is_ascii_digit() || c == '.');
    let unit = text[number..].trim_start_matches(' ');
    let seconds = unit.starts_with("s ") || unit == "s" || unit.starts_with("ms");
    if seconds && text[..number].contains('.') {
        number
    } else {
        0
    }
}

#[test]
fn only_volatile_values_and_ellipses_are_left_out_of_the_comparison() {
    let lines = |text: &str| text.lines().map(steady).collect::<Vec<_>>();
    let same = |page: &str, printed: &str| matches(&lines(page), &lines(printed));
    for (page, printed) in [
        (
            "a 0123456789abcdef0123456789abcdef",
            "a 00112233445566778899aabbccddeeff00",
        ),
        ("at 2026-11-22T18:17:58.777Z", "at 2027-01-02T00:00:00Z"),
        ("duration_us=181 x", "duration_us=9 x"),
        ("in 7.3 s", "in 10.25 s"),
        ("a … d", "a b c d"),
        ("a … c … e", "a b c d c e"),
        ("a\n…\nd", "a\nb\nc\nd"),
        ("a\n…\nd", "a\nd"),
    ] {
        assert!(same(page, printed), "{page} / {printed}");
    }
    for (page, printed) in [
        ("order 131210", "order 131211"),
        ("a … d", "a b c"),
        ("a … c … c", "a b c"),
        ("a …", "b a"),
        ("a", "a\nb"),
        ("…\nd", "d\ne"),
        ("", "a"),
        ("7 s", "8 s"),
        ("***abc", "abc"),
    ] {
        assert!(!same(page, printed), "{page} / {printed}");
    }
}
