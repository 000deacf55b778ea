//! The figures and their goals.

use std::fmt;

/// The goal for a figure.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// The larger of the two.
    AtMostOr(f64, f64),
    None,
}

impl Goal {
    fn is_met(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(figure >= least),
            Self::AtMost(most) => Some(figure <= most),
            Self::AtMostOr(one, other) => Some(figure <= one.max(other)),
            Self::None => None,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtMostOr(one, other) => write!(f, "≤ {:.2}", one.max(*other)),
            Self::None => Ok(()),
        }
    }
}

/// All figures of a run.
#[derive(Default)]
pub struct Table(Vec<(String, f64, &'static str, Goal)>);

impl Table {
    pub fn add(&mut self, name: impl Into<String>, figure: f64, unit: &'static str, goal: Goal) {
        self.0.push((name.into(), figure, unit, goal));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, figure, unit, goal) in &self.0 {
            let met = match goal.is_met(*figure) {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            let line = format!(
                "{name:<48}{figure:>9.2} {unit:<7}{:<10}{met}",
                goal.to_string()
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
