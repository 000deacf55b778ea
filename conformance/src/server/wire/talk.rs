//! Holds a conversation: sends raw bytes, and reads answers within limits of time and size.

use super::answer::Answer;
use super::line::{Line, Lost};
use crate::server::case::Turn;
use std::time::{Duration, Instant};

/// Timeout for a whole conversation; reached only if the server leaves it without an answer.
const TIME: Duration = Duration::from_secs(5);

/// The result of a conversation.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The answers, in order.
    pub answers: Vec<Answer>,
    /// How it ended.
    pub ending: Ending,
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything was said, and the connection is still open.
    Open,
    /// The server closed the connection.
    Closed,
    /// The server sent nothing more in time, although an answer was due.
    Silent,
    /// The bytes received are not an answer.
    NoAnswer(String),
}

/// Holds a conversation on a line; placeholders are already filled in.
pub fn hold(line: &mut Line, turns: &[Turn]) -> Heard {
    let mut answers = Vec::new();
    let until = Instant::now() + TIME;
    let ending = turns.iter().find_map(|turn| {
        let heard = match turn {
            Turn::Say(text) => {
                // A server that refused may have hung up; the answer shows it.
                let _ = line.say(text.as_bytes());
                return None;
            }
            Turn::Shut => {
                line.shut();
                return None;
            }
            Turn::HearEnd => return Some(end(line, until, &mut answers)),
            Turn::Hear => final_answer(line, until, false),
            Turn::HearHead => final_answer(line, until, true),
            Turn::HearFirst => line.hear(until, false),
        };
        match heard {
            Ok(answer) => {
                answers.push(answer);
                None
            }
            Err(lost) => Some(Ending::of(lost)),
        }
    });
    let ending = ending.unwrap_or(Ending::Open);
    Heard { answers, ending }
}

/// The final answer to a request.
fn final_answer(line: &mut Line, until: Instant, to_head: bool) -> Result<Answer, Lost> {
    loop {
        let answer = line.hear(until, to_head)?;
        if answer.status >= 200 {
            return Ok(answer);
        }
    }
}

/// Waits for the end of the connection, or an answer too many.
fn end(line: &mut Line, until: Instant, answers: &mut Vec<Answer>) -> Ending {
    match line.hear(until, false) {
        Ok(answer) => {
            answers.push(answer);
            Ending::Open
        }
        Err(Lost::Late) => Ending::Open,
        Err(lost) => Ending::of(lost),
    }
}

impl Ending {
    fn of(lost: Lost) -> Self {
        match lost {
            Lost::Closed => Self::Closed,
            Lost::Late => Self::Silent,
            Lost::Odd(what) => Self::NoAnswer(what),
        }
    }
}

impl Heard {
    /// The conversation on one line.
    pub fn told(&self) -> String {
        let answers = self.answers.iter().map(|answer| answer.status.to_string());
        let answers = answers.collect::<Vec<_>>().join(", then ");
        let end = match &self.ending {
            Ending::Open => String::new(),
            Ending::Closed => "the connection was closed".to_owned(),
            Ending::Silent => "no answer in time".to_owned(),
            Ending::NoAnswer(what) => format!("not an HTTP response: {what}"),
        };
        match (answers.is_empty(), end.is_empty()) {
            (true, true) => "nothing".to_owned(),
            (true, false) => end,
            (false, true) => format!("{answers}; the connection stays open"),
            (false, false) => format!("{answers}, then {end}"),
        }
    }
}
