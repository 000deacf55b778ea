//! Random sources.

use proptest::test_runner::{RngAlgorithm, TestRng};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};

/// A random source for one purpose, so that phases do not influence each other.
pub fn rng(seed: u64, purpose: &str) -> TestRng {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (at, byte) in purpose.bytes().enumerate() {
        let slot = &mut bytes[8 + at % 24];
        *slot = slot.rotate_left(3) ^ byte;
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// Random sources by the name of a case rather than its position, so that a case draws the same
/// values whatever is played before it or in parallel.
#[derive(Debug)]
pub struct Sources {
    seed: u64,
    played: BTreeMap<String, u32>,
}

impl Sources {
    /// The sources of a run with this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            played: BTreeMap::new(),
        }
    }

    /// The source for requests outside of any case.
    pub fn first(&self) -> TestRng {
        rng(self.seed, "session")
    }

    /// The source for the next case with this name.
    pub fn next(&mut self, case: &str) -> TestRng {
        rng(self.seed_of(case), "case")
    }

    /// The seed of the next case with this name.
    pub fn seed_of(&mut self, case: &str) -> u64 {
        let times = self.played.entry(case.to_owned()).or_default();
        *times += 1;
        let mut hasher = DefaultHasher::new();
        (case, *times).hash(&mut hasher);
        self.seed ^ hasher.finish()
    }
}

/// An unpredictable number.
pub fn drawn() -> u64 {
    RandomState::new().hash_one(0)
}
