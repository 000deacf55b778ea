//! A run: plan, send, judge, report.

use crate::case::{Case, Kind, Step};
use crate::draft::Encoding;
use crate::event::{Event, Reporter};
use crate::exchange::Exchange;
use crate::generate;
use crate::judge::{self, Verdict};
use crate::plan::{self, Working};
use crate::readback;
use crate::record::Records;
use crate::report::{Report, Status};
use crate::session::{Session, Stopped};
use crate::target::Target;
use crate::waivers::Waivers;
use flexiti_contract::{Clause, Endpoint, Rulebook};
use proptest::prelude::Rng as _;
use std::collections::HashSet;
use std::sync::Arc;

/// How many requests may go into making a failing one smaller.
const SHRINKS: usize = 300;
const NO_INIT: &str = "no init path works";

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
            target,
            reporters,
            done: 0,
            total: usize::try_from(options.cases).unwrap_or(0),
            out_of_budget: false,
        })
    }

    /// Finds out what everything else rests on: the paths and encodings of init that work.
    /// Nothing, where not even a token is to be had.
    fn foundations(&mut self) -> anyhow::Result<Option<Working>> {
        self.planned(&plan::token_cases())?;
        if self.has_failed(plan::accepted(Endpoint::Token)) {
            self.not_verified("no token was to be had", |_| true);
            return Ok(None);
        }
        let mut found: Vec<(Endpoint, Encoding)> = Vec::new();
        for endpoint in plan::INIT {
            for encoding in Encoding::ALL {
                let offered = self.rulebook.is_active(plan::accepted(endpoint))
                    && self.rulebook.is_active(encoding.clause());
                let probe = plan::probe(&self.rulebook, endpoint, encoding).filter(|_| offered);
                if probe.is_some_and(|case| self.is_granted(&case)) {
                    found.push((endpoint, encoding));
                }
            }
        }
        let works = |endpoint: &Endpoint| found.iter().any(|(e, _)| e == endpoint);
        let carried = |encoding: &Encoding| found.iter().any(|(_, e)| e == encoding);
        let working = Working {
            endpoints: plan::INIT.into_iter().filter(works).collect(),
            encodings: Encoding::ALL.into_iter().filter(carried).collect(),
        };
        self.planned(&plan::init_cases(&self.rulebook, &working))?;
        if working.endpoints.is_empty() {
            self.not_verified(NO_INIT, plan::needs_init);
        }
        Ok(Some(working))
    }

    fn is_granted(&mut self, case: &Case) -> bool {
        let exchanges = self.session.run(case).unwrap_or_default();
        let answer = exchanges.last().and_then(Exchange::answer);
        answer.is_some_and(|answer| answer.status == 200)
    }

    fn has_failed(&self, clause: &str) -> bool {
        self.records.has_failed(clause)
    }

    fn not_verified(&mut self, why: &str, about: impl Fn(&Clause) -> bool) {
        for clause in self.rulebook.clauses().filter(|clause| about(clause)) {
            self.records.give_up(&clause.id, why);
        }
    }

    fn planned(&mut self, cases: &[Case]) -> anyhow::Result<()> {
        self.total += cases.len();
        for case in cases {
            if self.records.inconclusive(&case.clause) != Some(NO_INIT) {
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
        let declared = exchange
            .sent_headers
            .iter()
            .find(|(name, _)| name == "content-type");
        let media_type = declared.map_or("", |(_, value)| value.as_str());
        let read = readback::parameters(
            contract,
            endpoint,
            &exchange.sent_headers,
            media_type,
            &exchange.sent,
        );
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

    /// Half of the generated cases are valid, four tenths have a defect, the rest is garbage.
    fn generated(&mut self, options: &Options, working: &Working) -> anyhow::Result<()> {
        let rulebook = Arc::clone(&self.rulebook);
        let rng = |purpose: &str| generate::rng(options.seed, purpose);
        let mut targets: Vec<(Endpoint, Encoding)> = vec![(Endpoint::Token, Encoding::FormDotted)];
        for endpoint in &working.endpoints {
            targets.extend(
                working
                    .encodings
                    .iter()
                    .map(|encoding| (*endpoint, *encoding)),
            );
        }
        let share = |of: u32, among: usize| {
            let among = u32::try_from(among).unwrap_or(1).max(1);
            if of == 0 { 0 } else { (of / among).max(1) }
        };
        let each = share(options.cases / 2, targets.len());
        for (endpoint, encoding) in targets {
            let purpose = format!("valid {} {encoding:?}", endpoint.id());
            self.generate(each, |check| {
                generate::valid(&rulebook, endpoint, encoding, each, rng(&purpose), check)
            })?;
        }
        let places: Vec<_> = rulebook
            .clauses()
            .filter(|clause| plan::is_request_clause(clause) && !self.has_failed(&clause.id))
            .flat_map(|clause| {
                rulebook
                    .places(&clause.id)
                    .iter()
                    .map(move |place| (clause, place))
            })
            .filter(|(_, place)| {
                place.endpoint == Endpoint::Token || working.endpoints.contains(&place.endpoint)
            })
            .collect();
        // With fewer cases than places, the seed says which places have their turn.
        let wanted = options.cases * 4 / 10;
        let each = share(wanted, places.len());
        let mut order = rng("places");
        let turns = usize::try_from(wanted / each.max(1))
            .unwrap_or(0)
            .min(places.len());
        let skipped = if places.is_empty() {
            0
        } else {
            usize::try_from(order.next_u32()).unwrap_or(0) % places.len()
        };
        for (clause, place) in places.iter().cycle().skip(skipped).take(turns) {
            let purpose = format!("{} {} {}", clause.id, place.endpoint.id(), place.param);
            self.generate(each, |check| {
                generate::broken(
                    &rulebook,
                    clause,
                    place,
                    working,
                    each,
                    rng(&purpose),
                    check,
                )
            })?;
        }
        let rest = options.cases / 10;
        self.generate(rest, |check| generate::garbage(rest, rng("garbage"), check))
    }

    /// Runs one property. What it finds is recorded from the minimal case only.
    fn generate(
        &mut self,
        cases: u32,
        property: impl FnOnce(&mut generate::Check<'_>) -> Option<Case>,
    ) -> anyhow::Result<()> {
        if cases == 0 || self.out_of_budget {
            return Ok(());
        }
        let mut first: Option<HashSet<String>> = None;
        let mut sent = 0;
        let mut shrinks = 0;
        let minimal = property(&mut |case| {
            if first.is_some() {
                shrinks += 1;
                if shrinks > SHRINKS {
                    return true;
                }
            } else {
                sent += 1;
            }
            match self.verdicts(case) {
                Err(stopped) => {
                    self.stopped(case, &stopped);
                    true
                }
                Ok((verdicts, _)) => {
                    let faults: HashSet<String> = verdicts
                        .iter()
                        .filter(|verdict| verdict.fault.is_some())
                        .map(|verdict| verdict.clause.clone())
                        .collect();
                    if faults.is_empty() {
                        self.records.passed(verdicts);
                        return true;
                    }
                    // Shrinking must not slip from one fault into another.
                    let wanted = first.get_or_insert_with(|| faults.clone());
                    faults.is_disjoint(wanted)
                }
            }
        });
        if let Some(case) = minimal {
            self.case(&case);
        }
        self.done += sent;
        self.progress()
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
