//! The driver file of `merchant`: read for each shop, on a port of its own, with the mock where the
//! flags want it.

use crate::merchant::driver::{Driver, MockAt, is_portable};
use crate::net::authorities;
use anyhow::{Context as _, bail};
use reqwest::Certificate;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The driver file, read once for each shop that is to run at the same time; only once if the file
/// fixes the port.
fn drivers(file: &Path, shops: usize) -> anyhow::Result<Vec<Driver>> {
    let shops = if is_portable(file) { shops } else { 1 };
    // Hold all ports at once, so that none is given out twice.
    let held: Vec<TcpListener> = (0..shops)
        .map(|_| free_port())
        .collect::<Option<_>>()
        .context("no free port between 10000 and 31999")?;
    let ports = held.iter().map(TcpListener::local_addr);
    ports
        .map(|address| Driver::read(file, address?.port()))
        .collect()
}

/// The drivers of so many shops, with the mock listening where the flags say. For a shop that runs
/// already, the flags must say where: it calls that address.
pub fn drivers_at(file: &Path, shops: usize, mock: &MockAt) -> anyhow::Result<Vec<Driver>> {
    let mut drivers = drivers(file, shops)?;
    for driver in &mut drivers {
        if !driver.shop.is_started_here() && mock.listen.is_none() {
            bail!(
                "--listen: the shop of {} runs already: say where it calls Flexiti, such as --listen 127.0.0.1:4359",
                file.display()
            );
        }
        driver.mock = mock.clone();
    }
    Ok(drivers)
}

/// The certificates of `--ca`, if it is given.
pub fn trusted(ca: Option<&Path>) -> anyhow::Result<Vec<Certificate>> {
    ca.map_or_else(|| Ok(Vec::new()), authorities)
}

/// The driver of a shop that is started here, which trusts the authorities of `--ca`.
pub fn lone_driver(file: &Path, ca: Option<&Path>) -> anyhow::Result<Driver> {
    let authorities = trusted(ca)?;
    let mut drivers = drivers(file, 1)?;
    let mut driver = drivers.pop().context("a shop is needed")?;
    driver.mock.authorities = authorities;
    Ok(driver)
}

/// A port outside the ephemeral range: one that the system hands out could be taken by somebody
/// else before the shop starts.
///
/// It belongs to this process until it ends. A shop that is started anew lets go of its port for a
/// moment, in which another run must not choose it; so each run holds the same port of UDP, which no
/// shop wants.
fn free_port() -> Option<TcpListener> {
    static CLAIMED: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());
    let ports = (0..1_000).map(|_| 10_000 + RandomState::new().hash_one(0) % 22_000);
    let mut ports = ports.filter_map(|port| u16::try_from(port).ok());
    ports.find_map(|port| {
        let claim = UdpSocket::bind(("127.0.0.1", port)).ok()?;
        let listener = TcpListener::bind(("127.0.0.1", port)).ok()?;
        let claimed = CLAIMED.lock();
        claimed.unwrap_or_else(PoisonError::into_inner).push(claim);
        Some(listener)
    })
}

#[cfg(test)]
mod tests {
    use super::free_port;

    #[test]
    fn a_port_that_its_shop_has_let_go_of_is_not_given_out_again() {
        let port = free_port().unwrap().local_addr().unwrap().port();
        // Nothing listens on it any more, and all the same it is claimed.
        assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
        assert!(std::net::UdpSocket::bind(("127.0.0.1", port)).is_err());
    }
}
