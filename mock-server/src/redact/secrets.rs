//! The known secrets. Finding them takes time proportional to the length of the text, however many
//! there are.

use crate::redact::spelling::unescaped_fully;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shorter secrets are not hidden: that would protect nothing and blot out ordinary words.
pub const SHORTEST: usize = 4;
/// The modulus of the rolling hash: a Mersenne prime.
const PRIME: u64 = (1 << 61) - 1;
/// The size of the prefix filter, in bits.
const FILTER: usize = 1 << 18;

/// How many clean texts are remembered, and how long they may be.
const CLEAN: usize = 1024;
const CLEAN_LENGTH: usize = 512;

/// The secrets of all merchants, shared by all redactors.
#[derive(Debug, Default)]
pub struct Secrets(RwLock<Known>);

impl Secrets {
    /// Adds a secret; the same one may be added several times.
    pub fn add(&self, secret: &str) {
        self.write().add(secret);
    }

    /// Removes a secret once; it stays if it was added more often.
    pub fn remove(&self, secret: &str) {
        self.write().remove(secret);
    }

    /// The current secrets.
    pub fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The secrets, indexed for searching.
#[derive(Debug)]
pub struct Known {
    /// How often each secret was added.
    counts: HashMap<String, usize>,
    /// What is searched for, by hash: each secret, as it is and fully unescaped.
    patterns: FxHashMap<u64, Vec<Pattern>>,
    /// How many patterns share a prefix, by their lengths.
    starts: FxHashMap<Start, BTreeMap<usize, usize>>,
    /// Which bytes patterns begin with.
    firsts: [bool; 256],
    /// A filter of prefixes, which quickly rules out most positions of most texts.
    filter: Vec<u64>,
    lengths: BTreeMap<usize, usize>,
    /// Random and never revealed, so that nobody can construct texts with colliding hashes.
    base: u64,
    /// Texts that are known to contain nothing secret.
    clean: Mutex<HashSet<Box<str>>>,
}

#[derive(Debug)]
struct Pattern {
    folded: Box<[u8]>,
    secret: String,
}

/// The first bytes of a pattern.
type Start = [u8; SHORTEST];

/// A secret in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'s> {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The secret, as its merchant has it.
    pub secret: &'s str,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            patterns: FxHashMap::default(),
            starts: FxHashMap::default(),
            firsts: [false; 256],
            filter: Vec::new(),
            lengths: BTreeMap::new(),
            base: (RandomState::new().hash_one(0) % PRIME) | (1 << 32),
            clean: Mutex::default(),
        }
    }
}

impl Known {
    fn add(&mut self, secret: &str) {
        let count = self.counts.entry(secret.to_owned()).or_default();
        *count += 1;
        if *count > 1 {
            return;
        }
        let clean = self.clean.get_mut();
        clean.unwrap_or_else(PoisonError::into_inner).clear();
        for spelling in spellings(secret) {
            let Some(start) = spelling.first_chunk() else {
                continue;
            };
            if self.filter.is_empty() {
                self.filter = vec![0; FILTER / 64];
            }
            let bit = bit(*start);
            self.filter[bit / 64] |= 1 << (bit % 64);
            for first in (0..=u8::MAX).filter(|byte| folded(*byte) == start[0]) {
                self.firsts[usize::from(first)] = true;
            }
            let lengths = self.starts.entry(*start).or_default();
            *lengths.entry(spelling.len()).or_default() += 1;
            *self.lengths.entry(spelling.len()).or_default() += 1;
            let alike = self.patterns.entry(self.hash(&spelling)).or_default();
            alike.push(Pattern {
                folded: spelling.into(),
                secret: secret.to_owned(),
            });
        }
    }

    fn remove(&mut self, secret: &str) {
        let Some(count) = self.counts.get_mut(secret) else {
            return;
        };
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.counts.remove(secret);
        for folded in spellings(secret) {
            let Some(start) = folded.first_chunk::<SHORTEST>() else {
                continue;
            };
            let hash = self.hash(&folded);
            if let Some(alike) = self.patterns.get_mut(&hash) {
                alike.retain(|pattern| pattern.secret != secret);
                if alike.is_empty() {
                    self.patterns.remove(&hash);
                }
            }
            if let Some(lengths) = self.starts.get_mut(start) {
                less(lengths, folded.len());
                if lengths.is_empty() {
                    self.starts.remove(start);
                }
            }
            less(&mut self.lengths, folded.len());
        }
    }

    /// Whether `text` is a known secret.
    pub fn contains(&self, text: &str) -> bool {
        self.counts.contains_key(text)
    }

    /// Whether a text is known to contain nothing secret.
    pub fn is_clean(&self, text: &str) -> bool {
        self.clean().contains(text)
    }

    /// Remembers that a text contains nothing secret.
    pub fn found_clean(&self, text: &str) {
        if text.len() > CLEAN_LENGTH {
            return;
        }
        let mut clean = self.clean();
        if clean.len() == CLEAN {
            clean.clear();
        }
        clean.insert(text.into());
    }

    fn clean(&self) -> MutexGuard<'_, HashSet<Box<str>>> {
        self.clean.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The length of the shortest secret that is hidden.
    pub fn shortest(&self) -> Option<usize> {
        self.lengths.keys().next().copied()
    }

    /// The longest secret at each position of a text, ignoring case; a plus sign matches a space.
    pub fn in_text(&self, text: &[u8]) -> Vec<Found<'_>> {
        if self.lengths.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut prefixes = None;
        for (at, start) in text.windows(SHORTEST).enumerate() {
            let Some(start) = start.first_chunk::<SHORTEST>() else {
                continue;
            };
            // With few merchants, most positions are ruled out here.
            if !self.firsts[usize::from(start[0])] {
                continue;
            }
            let start = start.map(folded);
            let bit = bit(start);
            if self.filter[bit / 64] & 1 << (bit % 64) == 0 {
                continue;
            }
            let Some(lengths) = self.starts.get(&start) else {
                continue;
            };
            let prefixes = prefixes.get_or_insert_with(|| Prefixes::new(text, self.base));
            let longest = lengths.keys().rev().find_map(|length| {
                let end = at + length;
                let part = text.get(at..end)?;
                let alike = self.patterns.get(&prefixes.hash(at, end))?;
                alike.iter().find(|pattern| {
                    pattern.folded.len() == part.len()
                        && pattern
                            .folded
                            .iter()
                            .zip(part)
                            .all(|(a, b)| *a == folded(*b))
                })
            });
            if let Some(pattern) = longest {
                found.push(Found {
                    start: at,
                    end: at + pattern.folded.len(),
                    secret: &pattern.secret,
                });
            }
        }
        found
    }

    fn hash(&self, folded: &[u8]) -> u64 {
        folded
            .iter()
            .fold(0, |hash, byte| next(hash, self.base, *byte))
    }
}

/// The hashes of all prefixes of a text, from which the hash of any part follows.
struct Prefixes {
    hashes: Vec<u64>,
    powers: Vec<u64>,
}

impl Prefixes {
    fn new(text: &[u8], base: u64) -> Self {
        let (mut hash, mut power) = (0, 1);
        let mut all = Self {
            hashes: Vec::with_capacity(text.len() + 1),
            powers: Vec::with_capacity(text.len() + 1),
        };
        all.hashes.push(hash);
        all.powers.push(power);
        for byte in text {
            hash = next(hash, base, folded(*byte));
            power = product(power, base);
            all.hashes.push(hash);
            all.powers.push(power);
        }
        all
    }

    fn hash(&self, start: usize, end: usize) -> u64 {
        let before = product(self.hashes[start], self.powers[end - start]);
        (self.hashes[end] + PRIME - before) % PRIME
    }
}

fn next(hash: u64, base: u64, byte: u8) -> u64 {
    (product(hash, base) + u64::from(byte) + 1) % PRIME
}

fn product(one: u64, other: u64) -> u64 {
    let whole = u128::from(one) * u128::from(other) % u128::from(PRIME);
    // Anything below the prime fits.
    u64::try_from(whole).unwrap_or_default()
}

/// The spellings of a secret to search for: as it is, and fully unescaped.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let fold = |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().map(folded).collect() };
    let mut spellings = vec![fold(secret.as_bytes())];
    let bare = fold(&unescaped_fully(secret.as_bytes()).bytes);
    if bare != spellings[0] {
        spellings.push(bare);
    }
    spellings
}

fn less(counts: &mut BTreeMap<usize, usize>, key: usize) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

fn bit(start: Start) -> usize {
    let mixed = u32::from_le_bytes(start).wrapping_mul(0x9e37_79b1);
    (mixed >> 14) as usize % FILTER
}

fn folded(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b' ' => b'+',
        byte => byte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_until_the_last_who_has_it_is_gone() {
        let secrets = Secrets::default();
        for secret in ["secret-1", "secret-12", "secret-1", "abc", "a b c"] {
            secrets.add(secret);
        }
        let first = |text: &str| {
            let known = secrets.read();
            let found = known.in_text(text.as_bytes()).into_iter().next();
            found.map(|found| (found.secret.to_owned(), found.start, found.end))
        };
        assert_eq!(first("=SECRET-12"), Some(("secret-12".into(), 1, 10)));
        assert_eq!(first("=secret-13"), Some(("secret-1".into(), 1, 9)));
        assert_eq!(first("=a+b c"), Some(("a b c".into(), 1, 6)));
        assert_eq!(first("=abcd"), None);
        assert!(secrets.read().contains("abc"));
        assert_eq!(secrets.read().shortest(), Some(5));
        secrets.remove("secret-1");
        assert!(secrets.read().contains("secret-1"));
        for secret in ["secret-1", "a b c", "nobody's"] {
            secrets.remove(secret);
        }
        assert!(!secrets.read().contains("secret-1"));
        assert_eq!(first("=secret-13"), None);
        assert_eq!(secrets.read().shortest(), Some(9));
        secrets.remove("secret-12");
        let known = secrets.read();
        assert!(known.patterns.is_empty() && known.starts.is_empty());
    }

    #[test]
    fn a_text_is_searched_again_when_there_is_another_secret() {
        let secrets = Secrets::default();
        secrets.read().found_clean("say open sesame");
        assert!(secrets.read().is_clean("say open sesame"));
        assert!(!secrets.read().is_clean("say"));
        secrets.add("open sesame");
        assert!(!secrets.read().is_clean("say open sesame"));
        // The number and the length of the remembered texts are bounded.
        let known = secrets.read();
        known.found_clean(&"a".repeat(CLEAN_LENGTH + 1));
        assert!(known.clean().is_empty());
        for number in 0..=CLEAN {
            known.found_clean(&number.to_string());
        }
        assert_eq!(known.clean().len(), 1);
    }

    #[test]
    fn overlapping_secrets_are_found_each() {
        let secrets = Secrets::default();
        for secret in ["abcdef", "defghi", "cdef"] {
            secrets.add(secret);
        }
        let known = secrets.read();
        let found = known.in_text(b"xabcdefghi");
        let places: Vec<_> = found.iter().map(|found| (found.start, found.end)).collect();
        assert_eq!(places, [(1, 7), (3, 7), (4, 10)]);
    }
}
