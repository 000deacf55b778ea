//! Whether a certificate can be used now.

use anyhow::{anyhow, bail};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Looks at each certificate of a chain, the server's own first.
pub fn check(chain: &[CertificateDer<'_>]) -> anyhow::Result<()> {
    let now = jiff::Timestamp::now();
    for (at, der) in chain.iter().enumerate() {
        let which = match at {
            0 => "the certificate".to_owned(),
            at => format!("certificate {} of the chain", at + 1),
        };
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|_| anyhow!("{which} is broken: what its PEM holds is no certificate"))?;
        let validity = certificate.validity();
        let at = |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap_or_default();
        let begins = at(validity.not_before.timestamp());
        let ends = at(validity.not_after.timestamp());
        if now > ends {
            bail!("{which} has expired: it was valid until {ends}");
        }
        if now < begins {
            bail!("{which} is not valid before {begins}; is the clock of this machine right?");
        }
    }
    Ok(())
}
