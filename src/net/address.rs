//! Client addresses: what counts as one, and how many connections each has.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;

use crate::domain::Network;

/// The client's address, as far as it can be trusted: the peer's, or what the configured number of proxies say of it.
pub fn client(headers: &HeaderMap, peer: IpAddr, proxies: u8) -> IpAddr {
    let Some(nth) = usize::from(proxies).checked_sub(1) else { return peer };
    // each proxy appends whom it talked to; what stands before that, anybody may have written
    let hops = headers.get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = hops.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    hops.iter().rev().nth(nth).and_then(|hop| parse(hop.trim())).unwrap_or(peer)
}

/// An address as a proxy writes it, some with the port.
fn parse(hop: &str) -> Option<IpAddr> {
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
}

/// The address has as many connections as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many connections")]
pub struct TooManyConnections;

/// How many connections each address has.
pub struct AddressCounts {
    limit: u32,
    open: Mutex<HashMap<Network, u32>>,
    warned: Mutex<Option<Instant>>,
}

/// Shortest time between two log lines about refused connections.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

impl AddressCounts {
    /// `None` sets no limit.
    pub fn new(limit: Option<NonZeroU32>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.map_or(u32::MAX, NonZeroU32::get),
            open: Mutex::default(),
            warned: Mutex::default(),
        })
    }

    /// Counts a refusal, and logs one a minute: behind a proxy without `--proxies` everybody has the proxy's address.
    fn refuse(&self, network: Network) {
        metrics::counter!("natter_connections_refused_total").increment(1);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARNING_INTERVAL) {
            *warned = Some(Instant::now());
            tracing::warn!(%network, limit = self.limit, "connection refused: its network has too many");
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Network, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn leave(open: &mut HashMap<Network, u32>, network: Network) {
    if let Some(count) = open.get_mut(&network) {
        *count -= 1;
        if *count == 0 {
            open.remove(&network);
        }
    }
}

/// A connection's place among those of one address; given up when dropped.
pub struct AddressSlot {
    addresses: Arc<AddressCounts>,
    network: Mutex<Option<Network>>,
}

impl AddressSlot {
    /// A connection that counts under no address yet.
    pub fn new(addresses: Arc<AddressCounts>) -> Self {
        Self { addresses, network: Mutex::new(None) }
    }

    /// Counts the connection under `address` from here on, and no longer under the one before.
    ///
    /// # Errors
    /// Where `address` has as many as it may have. The connection stays where it was.
    pub fn count_under(&self, address: IpAddr) -> Result<(), TooManyConnections> {
        let network = Network::of(address);
        let mut current = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == Some(network) {
            return Ok(());
        }
        let mut open = self.addresses.open();
        let count = open.entry(network).or_default();
        if *count >= self.addresses.limit {
            self.addresses.refuse(network);
            return Err(TooManyConnections);
        }
        *count += 1;
        if let Some(before) = current.replace(network) {
            leave(&mut open, before);
        }
        Ok(())
    }
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        if let Some(network) = self.network.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            leave(&mut self.addresses.open(), network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_connection_counts_under_one_address_at_a_time() {
        let addresses = AddressCounts::new(NonZeroU32::new(1));
        let slot = || AddressSlot::new(Arc::clone(&addresses));
        let (first, second) = (slot(), slot());
        assert_eq!(first.count_under(address("2001:db8::1")), Ok(()));
        assert_eq!(first.count_under(address("2001:db8::2")), Ok(()), "the same network");
        assert_eq!(second.count_under(address("2001:db8::3")), Err(TooManyConnections));
        assert_eq!(second.count_under(address("10.0.0.1")), Ok(()));
        assert_eq!(second.count_under(address("2001:db8::3")), Err(TooManyConnections), "and it stays where it was");
        assert_eq!(first.count_under(address("10.0.0.1")), Err(TooManyConnections));
        assert_eq!(first.count_under(address("10.0.0.2")), Ok(()), "which frees its place before");
        assert_eq!(second.count_under(address("2001:db8::3")), Ok(()));
        drop((first, second));
        assert!(addresses.open().is_empty(), "memory does not grow with the addresses seen");
    }

    #[test]
    fn a_proxy_names_the_client_with_or_without_a_port() {
        let peer = address("10.0.0.1");
        for (forwarded, expected) in [
            ("1.2.3.4", "1.2.3.4"),
            ("9.9.9.9, 1.2.3.4:4711", "1.2.3.4"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("unknown", "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            assert_eq!(client(&headers, peer, 1), address(expected), "{forwarded}");
        }
    }

    #[test]
    fn without_a_limit_all_come_in() {
        let addresses = AddressCounts::new(None);
        let slots: Vec<_> = (0..10_000).map(|_| AddressSlot::new(Arc::clone(&addresses))).collect();
        assert!(slots.iter().all(|slot| slot.count_under(address("10.0.0.1")).is_ok()));
    }
}
