//! Checks a conversation against its expected result.

use super::verdict::{Mismatch, Verdict, differs, kept};
use crate::server::case::{Case, Heeds};
use crate::server::wire::{Ending, Exchange, Heard};
use flexiti_contract::Part;

/// The verdict on the clause of a case with a conversation.
pub fn verdict(case: &Case, heeds: &Heeds, at: usize, exchange: &Exchange) -> Option<Verdict> {
    let heard = exchange.talk.as_deref()?;
    if is_right(heeds, heard) {
        return Some(kept(&case.clause));
    }
    let expected = format!("{} ({})", wanted(heeds), heeds.sentence);
    let mismatch = Mismatch::of_case(case, Part::Content, expected);
    let actual = exchange.redact(&heard.told());
    Some(differs(&case.clause, at, mismatch, actual))
}

fn is_right(heeds: &Heeds, heard: &Heard) -> bool {
    let fits = |(statuses, status): (&Vec<String>, u16)| {
        statuses.is_empty() || statuses.iter().any(|wanted| is(wanted, status))
    };
    let statuses = heard.answers.iter().map(|answer| answer.status);
    let ended = heard.ending == Ending::Closed;
    let is_whole = heard.answers.len() == heeds.answers.len()
        || (heeds.may_end_before == Some(heard.answers.len()) && ended);
    let banned = heeds.without.as_deref();
    let banned =
        banned.is_some_and(|name| heard.answers.iter().any(|it| it.header(name).is_some()));
    let is_answer = !matches!(heard.ending, Ending::NoAnswer(_));
    is_whole
        && is_answer
        && !banned
        && (ended || !heeds.closed)
        && heeds.answers.iter().zip(statuses).all(fits)
}

/// Whether a status matches `200` or `2xx`.
fn is(wanted: &str, status: u16) -> bool {
    match wanted.strip_suffix("xx") {
        Some(class) => class == (status / 100).to_string(),
        None => wanted == status.to_string(),
    }
}

fn wanted(heeds: &Heeds) -> String {
    let answers = heeds.answers.iter().map(|statuses| match &statuses[..] {
        [] => "an answer".to_owned(),
        statuses => statuses.join(" or "),
    });
    let mut wanted = answers.collect::<Vec<_>>().join(", then ");
    if let Some(name) = &heeds.without {
        wanted = format!("{wanted} without {name}");
    }
    if heeds.closed {
        wanted = format!("{wanted}, then the end of the connection");
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::wire::Answer;
    use std::time::Duration;

    fn heard(statuses: &[u16], ending: Ending) -> Heard {
        let answer = |status: &u16| Answer {
            status: *status,
            headers: vec![("transfer-encoding".to_owned(), "chunked".to_owned())],
            body: Vec::new(),
            took: Duration::ZERO,
        };
        Heard {
            answers: statuses.iter().map(answer).collect(),
            ending,
        }
    }

    #[test]
    fn a_conversation_is_right_if_each_answer_is_and_so_is_its_end() {
        let two = Heeds::all(&[&["4xx"], &["200"]], "x");
        assert!(is_right(&two, &heard(&[404, 200], Ending::Open)));
        assert!(is_right(&two, &heard(&[404, 200], Ending::Closed)));
        for (statuses, ending) in [
            (&[200, 404][..], Ending::Open),
            (&[404], Ending::Open),
            (&[404], Ending::Closed),
            (&[404], Ending::Silent),
            (&[404, 200, 400], Ending::Open),
            (&[404, 200], Ending::NoAnswer("x".to_owned())),
        ] {
            assert!(!is_right(&two, &heard(statuses, ending)), "{statuses:?}");
        }
        let may_end = Heeds {
            may_end_before: Some(1),
            ..two.clone()
        };
        assert!(is_right(&may_end, &heard(&[404], Ending::Closed)));
        assert!(!is_right(&may_end, &heard(&[404], Ending::Silent)));
        let closed = Heeds {
            closed: true,
            ..Heeds::one(&[], "x")
        };
        assert!(is_right(&closed, &heard(&[500], Ending::Closed)));
        assert!(!is_right(&closed, &heard(&[500], Ending::Open)));
        let whole = Heeds {
            without: Some("transfer-encoding".to_owned()),
            ..Heeds::one(&[], "x")
        };
        assert!(!is_right(&whole, &heard(&[200], Ending::Open)));
    }
}
