//! A run: plan, send, judge, report.

mod foundations;
mod generated;

use crate::event::{Event, Reporter};
use crate::exchange::Exchange;
use crate::generate;
use crate::judge::{self, Verdict};
use crate::readback;
use crate::record::Records;
use crate::report::{Report, Status};
use crate::server::case::{Case, Kind, Step};
use crate::server::plan;
use crate::session::{Session, Stopped};
use crate::target::Target;
use crate::waivers::Waivers;
use flexiti_contract::Rulebook;
use std::collections::HashSet;
use std::sync::Arc;

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes the run repeatable.
    pub seed: u64,
    /// How many generated cases.
    pub cases: u32,
    /// How many requests at most.
    pub max_requests: u64,
    /// How many requests a second at most.
    pub rate: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            cases: 1_000,
            max_requests: 1_000_000,
            rate: None,
        }
    }
}

struct Run<'a> {
    rulebook: Arc<Rulebook>,
    target: &'a Target,
    session: Session<'a>,
    reporters: &'a mut [Box<dyn Reporter>],
    records: Records,
    /// Clauses of which nothing can be said.
    out_of_reach: HashSet<String>,
    done: usize,
    total: usize,
    out_of_budget: bool,
}

/// Judges a server.
pub fn server(
    target: &Target,
    rulebook: &Arc<Rulebook>,
    options: &Options,
    waivers: &Waivers,
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Report> {
    let mut run = Run::new(target, rulebook, options, reporters)?;
    if let Some(working) = run.foundations()? {
        run.planned(&plan::cases(rulebook, &working))?;
        run.generated(options, &working)?;
    }
    run.finish(options, waivers)
}

/// Runs given cases again.
pub fn replay(
    target: &Target,
    rulebook: &Arc<Rulebook>,
    cases: &[Case],
    reporters: &mut [Box<dyn Reporter>],
) -> anyhow::Result<Report> {
    let options = Options::default();
    let mut run = Run::new(target, rulebook, &options, reporters)?;
    run.planned(cases)?;
    let about: HashSet<&str> = cases.iter().map(|case| case.clause.as_str()).collect();
    let mut report = run.finish(&options, &Waivers::default())?;
    report.narrow(|clause| about.contains(clause.id.as_str()) || clause.status == Status::Failed);
    Ok(report)
}

impl<'a> Run<'a> {
    fn new(
        target: &'a Target,
        rulebook: &Arc<Rulebook>,
        options: &Options,
        reporters: &'a mut [Box<dyn Reporter>],
    ) -> anyhow::Result<Self> {
        for reporter in reporters.iter_mut() {
            reporter.on(&Event::Started {
                target: &target.base_url,
                dialect: &rulebook.dialect().name,
                seed: options.seed,
            })?;
        }
        let rng = generate::rng(options.seed, "session");
        Ok(Self {
            session: Session::new(target, rng, options.max_requests, options.rate),
            rulebook: Arc::clone(rulebook),
            records: Records::default(),
            out_of_reach: HashSet::new(),
            target,
            reporters,
            done: 0,
            total: usize::try_from(options.cases).unwrap_or(0),
            out_of_budget: false,
        })
    }

    fn has_failed(&self, clause: &str) -> bool {
        self.records.has_failed(clause)
    }

    fn planned(&mut self, cases: &[Case]) -> anyhow::Result<()> {
        self.total += cases.len();
        for case in cases {
            if !self.out_of_reach.contains(&case.clause) {
                self.case(case);
            }
            self.progress()?;
        }
        Ok(())
    }

    fn progress(&mut self) -> anyhow::Result<()> {
        self.done += 1;
        let (done, total) = (self.done, self.total.max(self.done));
        for reporter in self.reporters.iter_mut() {
            reporter.on(&Event::Progress { done, total })?;
        }
        Ok(())
    }

    /// Runs a case and records its verdicts.
    fn case(&mut self, case: &Case) {
        match self.verdicts(case) {
            Ok((verdicts, exchanges)) => {
                self.records
                    .judged(&self.rulebook, case, verdicts, &exchanges);
            }
            Err(stopped) => self.stopped(case, &stopped),
        }
    }

    fn verdicts(&mut self, case: &Case) -> Result<(Vec<Verdict>, Vec<Exchange>), Stopped> {
        let exchanges = self.session.run(case)?;
        self.hold_to_claim(case, &exchanges)?;
        let verdicts = judge::judge(&self.rulebook, case, &exchanges);
        Ok((verdicts, exchanges))
    }

    /// A case of a clause about parameters must have broken that clause on the wire, and
    /// nothing else: what went out is read back before anything that came in is judged.
    fn hold_to_claim(&self, case: &Case, exchanges: &[Exchange]) -> Result<(), Stopped> {
        let clause = self.rulebook.contract().clause(&case.clause);
        let Some(clause) = clause.filter(|clause| plan::is_request_clause(clause)) else {
            return Ok(());
        };
        let (Some(exchange), Some(Step::Send(_))) = (exchanges.last(), case.steps.last()) else {
            return Ok(());
        };
        let contract = self.rulebook.contract();
        let Some(endpoint) = judge::endpoint_of(contract, exchange) else {
            return Ok(());
        };
        let read = readback::parameters(contract, endpoint, exchange);
        let Some(read) = read else {
            return Err(Stopped::Inconclusive(
                "the request cannot be read back".to_owned(),
            ));
        };
        let broken: Vec<&str> = self
            .rulebook
            .check(endpoint, &read)
            .iter()
            .map(|v| v.clause)
            .collect();
        let claimed: Vec<&str> = match case.kind {
            Kind::Positive => vec![],
            Kind::Negative => vec![clause.id.as_str()],
        };
        if broken == claimed {
            Ok(())
        } else {
            Err(Stopped::Inconclusive(format!(
                "the request breaks {broken:?}, not {claimed:?}"
            )))
        }
    }

    fn stopped(&mut self, case: &Case, stopped: &Stopped) {
        self.out_of_budget |= *stopped == Stopped::OutOfBudget;
        self.records.stopped(case, stopped);
    }

    fn finish(self, options: &Options, waivers: &Waivers) -> anyhow::Result<Report> {
        let (rows, findings) = self.records.rows(&self.rulebook, waivers);
        let failed: Vec<&str> = findings.iter().map(|f| f.clause.as_str()).collect();
        let unused = waivers.unused(|clause| failed.contains(&clause));
        let report = Report::new(
            options.seed,
            &self.target.base_url,
            &self.rulebook.dialect().name,
            rows,
            findings,
            unused,
            self.out_of_budget,
        );
        for reporter in self.reporters.iter_mut() {
            reporter.on(&Event::Finished(&report))?;
        }
        Ok(report)
    }
}
