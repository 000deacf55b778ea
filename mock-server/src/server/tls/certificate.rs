//! Checks whether a certificate is currently valid.

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Checks each certificate of a chain; the server's own comes first.
pub fn check(chain: &[CertificateDer<'_>]) -> anyhow::Result<()> {
    let now = Timestamp::now();
    for (at, der) in chain.iter().enumerate() {
        let which = match at {
            0 => "the certificate".to_owned(),
            at => format!("certificate {} of the chain", at + 1),
        };
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|_| anyhow!("{which} is invalid: its PEM does not contain a certificate"))?;
        let validity = certificate.validity();
        let begins = time(validity.not_before.timestamp());
        let ends = time(validity.not_after.timestamp());
        if now > ends {
            bail!("{which} has expired: it was valid until {ends}");
        }
        if now < begins {
            bail!("{which} is not valid before {begins}; is the clock of this machine right?");
        }
    }
    Ok(())
}

/// Converts a time, clamped to the supported range. RFC 5280 gives a certificate without expiry the
/// year 9999.
fn time(seconds: i64) -> Timestamp {
    let [first, last] = [Timestamp::MIN, Timestamp::MAX];
    let seconds = seconds.clamp(first.as_second(), last.as_second());
    Timestamp::from_second(seconds).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_beyond_the_calendar_is_its_end() {
        assert_eq!(time(0), Timestamp::UNIX_EPOCH);
        // 9999-12-31T23:59:59Z
        assert!(time(253_402_300_799) > Timestamp::from_second(253_000_000_000).unwrap());
        assert!(time(i64::MIN) < time(0) && time(i64::MAX) > time(0));
    }
}
