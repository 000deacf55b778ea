//! Loads the driver file of `merchant` for each shop, giving each its own port and the mock the
//! address set by the flags.

use crate::merchant::driver::{Driver, MockAt, is_portable};
use crate::net::authorities;
use anyhow::{Context as _, bail};
use reqwest::Certificate;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Reads the driver file once for each shop to run in parallel; just once if the file fixes the
/// port.
fn drivers(file: &Path, shops: usize) -> anyhow::Result<Vec<Driver>> {
    let shops = if is_portable(file) { shops } else { 1 };
    // Hold all ports at once, so that no port is allocated twice.
    let held: Vec<TcpListener> = (0..shops)
        .map(|_| free_port())
        .collect::<Option<_>>()
        .context("no free port between 10000 and 31999")?;
    let ports = held.iter().map(TcpListener::local_addr);
    ports
        .map(|address| Driver::read(file, address?.port()))
        .collect()
}

/// Loads drivers for this many shops, with the mock listening where the flags say. For a shop that
/// is already running, the flags must give an address, since the shop calls it.
pub fn drivers_at(file: &Path, shops: usize, mock: &MockAt) -> anyhow::Result<Vec<Driver>> {
    let mut drivers = drivers(file, shops)?;
    for driver in &mut drivers {
        if !driver.shop.is_started_here() && mock.listen.is_none() {
            bail!(
                "--listen: the shop in {} is already running; give the address at which it calls Flexiti, such as --listen 127.0.0.1:4359",
                file.display()
            );
        }
        driver.mock = mock.clone();
    }
    Ok(drivers)
}

/// The certificates of `--ca`, if given.
pub fn trusted(ca: Option<&Path>) -> anyhow::Result<Vec<Certificate>> {
    ca.map_or_else(|| Ok(Vec::new()), authorities)
}

/// The driver of a shop that this program starts, trusting the authorities of `--ca`.
pub fn lone_driver(file: &Path, ca: Option<&Path>) -> anyhow::Result<Driver> {
    let authorities = trusted(ca)?;
    let mut drivers = drivers(file, 1)?;
    let mut driver = drivers.pop().context("a shop is needed")?;
    driver.mock.authorities = authorities;
    Ok(driver)
}

/// A port below the ephemeral range: another process could take an ephemeral port before the shop
/// starts.
///
/// The port stays reserved for the lifetime of this process. A shop that is restarted releases its
/// TCP port for a moment, and another run must not choose it then, so each run also holds the UDP
/// port of the same number, which no shop uses.
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
        // The TCP port is free again, but still claimed by its UDP twin.
        assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
        assert!(std::net::UdpSocket::bind(("127.0.0.1", port)).is_err());
    }
}
