//! A run: plan, send, judge, report.

use crate::case::{Case, Kind, Step};
use crate::curl;
use crate::draft::Encoding;
use crate::event::{Event, Reporter};
use crate::exchange::Exchange;
use crate::generate;
use crate::judge::{self, Verdict};
use crate::plan::{self, Working};
use crate::readback;
use crate::report::{CaseRow, ClauseRow, Finding, Report, Status};
use crate::session::{Session, Stopped};
use crate::target::Target;
use crate::waivers::Waivers;
use flexiti_contract::{Asserts, Endpoint, Rulebook};
use proptest::prelude::Rng as _;
use std::collections::{BTreeMap, HashSet};
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

/// What is known of a clause so far.
#[derive(Default)]
struct Record {
    cases: Vec<CaseRow>,
    kept: usize,
    finding: Option<Finding>,
    not_testable: Option<String>,
    inconclusive: Option<String>,
}

struct Run<'a> {
    rulebook: Arc<Rulebook>,
    target: &'a Target,
    session: Session<'a>,
    reporters: &'a mut [Box<dyn Reporter>],
    records: BTreeMap<String, Record>,
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

/// Whether the case, where all went well, shows that the clause is kept: a refusal is shown by
/// what was refused, not by the sibling that was accepted.
fn proves(clause: Option<&flexiti_contract::Clause>, case: &Case) -> bool {
    let refusal = clause.is_some_and(|clause| clause.asserts == Asserts::Refusal);
    !refusal || case.kind == Kind::Negative
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
            records: BTreeMap::new(),
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
        self.records
            .get(clause)
            .is_some_and(|record| record.finding.is_some())
    }

    fn not_verified(&mut self, why: &str, about: impl Fn(&flexiti_contract::Clause) -> bool) {
        for clause in self.rulebook.clauses().filter(|clause| about(clause)) {
            let record = self.records.entry(clause.id.clone()).or_default();
            record.inconclusive.get_or_insert_with(|| why.to_owned());
        }
    }

    fn planned(&mut self, cases: &[Case]) -> anyhow::Result<()> {
        self.total += cases.len();
        let needless: Vec<String> = self
            .records
            .iter()
            .filter(|(_, record)| record.inconclusive.as_deref() == Some(NO_INIT))
            .map(|(clause, _)| clause.clone())
            .collect();
        for case in cases {
            if !needless.contains(&case.clause) {
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

    /// Runs a case and records its verdicts; gives whether everything was as it should be.
    fn case(&mut self, case: &Case) -> bool {
        let (verdicts, exchanges) = match self.verdicts(case) {
            Ok(found) => found,
            Err(stopped) => {
                self.stopped(case, &stopped);
                return true;
            }
        };
        let fine = verdicts.iter().all(|verdict| verdict.fault.is_none());
        let clause = self.rulebook.contract().clause(&case.clause);
        for verdict in verdicts {
            let own = verdict.clause == case.clause;
            let record = self.records.entry(verdict.clause.clone()).or_default();
            let outcome = if verdict.fault.is_none() {
                "kept"
            } else {
                "broken"
            };
            if own {
                record.cases.push(CaseRow::new(case, outcome));
            }
            match verdict.fault {
                None if own && !proves(clause, case) => {}
                None => record.kept += 1,
                Some(fault) => {
                    let exchange = &exchanges[fault.exchange.min(exchanges.len() - 1)];
                    record.finding.get_or_insert_with(|| Finding {
                        clause: verdict.clause,
                        case: case.id.clone(),
                        expected: fault.expected,
                        actual: fault.actual,
                        curl: curl::command(exchange),
                        replay: case.clone(),
                    });
                }
            }
        }
        fine
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
        let record = self.records.entry(case.clause.clone()).or_default();
        let (slot, why, outcome) = match stopped {
            Stopped::NotTestable(why) => (&mut record.not_testable, why.clone(), "not testable"),
            Stopped::Inconclusive(why) => (&mut record.inconclusive, why.clone(), "inconclusive"),
            Stopped::OutOfBudget => {
                self.out_of_budget = true;
                let why = "the run has used up its requests".to_owned();
                (&mut record.inconclusive, why, "inconclusive")
            }
        };
        slot.get_or_insert(why);
        record.cases.push(CaseRow::new(case, outcome));
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
            usize::from(order.next_u32() as u16) % places.len()
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
                        for verdict in verdicts {
                            self.records.entry(verdict.clause).or_default().kept += 1;
                        }
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

    fn finish(mut self, options: &Options, waivers: &Waivers) -> anyhow::Result<Report> {
        let mut rows = Vec::new();
        let mut findings = Vec::new();
        for clause in &self.rulebook.contract().clauses {
            let record = self.records.remove(&clause.id);
            if !self.rulebook.is_active(&clause.id)
                && record.as_ref().is_none_or(|r| r.finding.is_none())
            {
                continue;
            }
            let record = record.unwrap_or_default();
            let waiver = waivers.reason(&clause.id);
            let (status, why) = match (&record.finding, waiver) {
                (Some(_), Some(reason)) => (Status::Waived, Some(reason.to_owned())),
                (Some(_), None) => (Status::Failed, None),
                (None, _) if record.kept > 0 => (Status::Verified, None),
                (None, _) if record.inconclusive.is_some() => {
                    (Status::NotVerified, record.inconclusive)
                }
                (None, _) if record.not_testable.is_some() => {
                    (Status::NotTestable, record.not_testable)
                }
                (None, _) => (
                    Status::NotVerified,
                    Some("nothing was seen of it".to_owned()),
                ),
            };
            findings.extend(record.finding);
            rows.push(ClauseRow {
                id: clause.id.clone(),
                level: clause.level,
                evidence: clause.evidence,
                requirement: clause.requirement.clone(),
                source: clause.source.clone(),
                test_case: clause.test_case.clone(),
                status,
                why,
                cases: record.cases,
            });
        }
        let failed: Vec<&str> = findings
            .iter()
            .map(|f: &Finding| f.clause.as_str())
            .collect();
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
