//! `self-test --unknown`: judges mocks in randomly drawn dialects.

use super::say::say;
use crate::server::selftest::random;

/// Judges the mocks, with or without their documented clauses, and returns the exit code.
pub fn run(count: u64, without_clauses: bool, seed: u64, cases: u32) -> anyhow::Result<u8> {
    if without_clauses {
        return sabotaged(count, seed, cases);
    }
    let (mut accused, mut misread, mut told, mut calls) = (0, 0, 0, 0);
    for at in 0..count {
        let dialect = random::dialect(at)?;
        let one = random::judge(&dialect, None, seed, cases)?;
        for clause in &one.violations {
            say!("{}: accused of {clause}", dialect.name);
        }
        for case in &one.otherwise {
            say!("{}: not foreseen: {case}", dialect.name);
        }
        for (knob, given, found) in &one.misread {
            say!("{}: {knob} is {given}, but {found} was found", dialect.name);
        }
        accused += one.violations.len();
        misread += one.misread.len();
        told += one.told;
        calls = calls.max(one.calls);
    }
    say!(
        "{count} servers in unknown dialects: {accused} violations reported; {told} answers found \
         out, {misread} of them wrong; at most {calls} calls for a probe"
    );
    Ok(u8::from(accused + misread > 0))
}

/// Removes each documented clause, one at a time.
fn sabotaged(count: u64, seed: u64, cases: u32) -> anyhow::Result<u8> {
    let (mut tried, mut named) = (0, 0);
    for at in 0..count {
        let dialect = random::dialect(at)?;
        for clause in random::binding(&dialect)? {
            let one = random::judge(&dialect, Some(clause), seed, cases)?;
            tried += 1;
            if one.violations == [clause] {
                named += 1;
            } else {
                let found = one.violations.join(", ");
                say!("{} without {clause}: {found}", dialect.name);
            }
        }
    }
    say!("{named} of {tried} documented clauses named exactly, in {count} unknown dialects");
    Ok(u8::from(named < tried))
}
