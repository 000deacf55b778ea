//! Reproducible randomness: one seeded source for the whole server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

/// The source of tokens and session ids.
#[derive(Debug)]
pub struct Random(StdRng);

impl Random {
    /// The same seed gives the same tokens; without a seed, the operating system provides one.
    pub fn new(seed: Option<u64>) -> Self {
        Self(seed.map_or_else(rand::make_rng, StdRng::seed_from_u64))
    }

    /// `N` random bytes as lowercase hexadecimal digits.
    pub fn hex<const N: usize>(&mut self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0_u8; N];
        self.0.fill_bytes(&mut bytes);
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
        let mut text = String::with_capacity(2 * N);
        for byte in bytes {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        text
    }

    /// `N` random bytes in URL-safe base64, without padding.
    pub fn base64url<const N: usize>(&mut self) -> String {
        let mut bytes = [0_u8; N];
        self.0.fill_bytes(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A number in `[0, 1)`.
    pub fn fraction(&mut self) -> f64 {
        self.0.random()
    }

    /// A number from the standard normal distribution (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.fraction()).cos()
    }

    /// `count` random decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(self.0.random_range(b'0'..=b'9')))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_repeats_and_no_seed_does_not() {
        assert_eq!(
            Random::new(Some(7)).hex::<20>(),
            Random::new(Some(7)).hex::<20>()
        );
        assert_ne!(Random::new(None).hex::<20>(), Random::new(None).hex::<20>());
        assert_eq!(Random::new(None).hex::<20>().len(), 40);
    }
}
