//! Client addresses, and how many connections each has.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::{Duration, Instant},
};

use axum::http::HeaderMap;

use super::sync::{Arc, Mutex};
use crate::domain::Network;

/// The client's address: the peer's, or the one that the configured number of proxies report in `X-Forwarded-For`.
pub fn client(headers: &HeaderMap, peer: IpAddr, proxies: u8) -> IpAddr {
    let Some(nth) = usize::from(proxies).checked_sub(1) else { return peer };
    // each proxy appends the address of its own peer; the client can forge everything before that
    let hops = headers.get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = hops.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    hops.iter().rev().nth(nth).and_then(|hop| parse(hop.trim())).unwrap_or(peer)
}

/// Parses an address as a proxy writes it. Some proxies add the port.
fn parse(hop: &str) -> Option<IpAddr> {
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
}

/// The client's network has reached its limit of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many connections")]
pub struct TooManyConnections;

/// The number of open connections of each client network: of an IPv4 address, or of an IPv6 /64.
pub struct AddressCounts {
    limit: u32,
    open: Mutex<HashMap<Network, u32>>,
    warned: Mutex<Option<Instant>>,
}

/// Shortest time between two log lines about refused connections.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

impl AddressCounts {
    /// `limit`: most connections of one network; `None` sets no limit.
    pub fn new(limit: Option<NonZeroU32>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.map_or(u32::MAX, NonZeroU32::get),
            open: Mutex::default(),
            warned: Mutex::default(),
        })
    }

    /// Counts a refusal, and logs at most one a minute. Without `--proxies` behind a proxy, all clients count under the
    /// proxy's address.
    fn refuse(&self, network: Network) {
        metrics::counter!("natter_connections_refused_total").increment(1);
        let mut warned = self.warned.lock();
        if warned.is_none_or(|at| at.elapsed() >= WARNING_INTERVAL) {
            *warned = Some(Instant::now());
            tracing::warn!(%network, limit = self.limit, "connection refused, network limit reached");
        }
    }
}

fn decrement(open: &mut HashMap<Network, u32>, network: Network) {
    if let Some(count) = open.get_mut(&network) {
        *count -= 1;
        if *count == 0 {
            open.remove(&network);
        }
    }
}

/// Counts a connection under its client's network until it is dropped.
pub struct AddressSlot {
    addresses: Arc<AddressCounts>,
    network: Mutex<Option<Network>>,
}

impl AddressSlot {
    /// The connection counts under no network yet.
    pub fn new(addresses: Arc<AddressCounts>) -> Self {
        Self { addresses, network: Mutex::new(None) }
    }

    /// Counts the connection under the network of `address`, and no longer under the network before.
    ///
    /// # Errors
    /// [`TooManyConnections`] if that network has reached its limit. The connection still counts under the network
    /// before.
    pub fn count_under(&self, address: IpAddr) -> Result<(), TooManyConnections> {
        let network = Network::of(address);
        let mut current = self.network.lock();
        if *current == Some(network) {
            return Ok(());
        }
        let mut open = self.addresses.open.lock();
        let count = open.entry(network).or_default();
        if *count >= self.addresses.limit {
            self.addresses.refuse(network);
            return Err(TooManyConnections);
        }
        *count += 1;
        if let Some(before) = current.replace(network) {
            decrement(&mut open, before);
        }
        Ok(())
    }
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        if let Some(network) = self.network.get_mut().take() {
            decrement(&mut self.addresses.open.lock(), network);
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
    fn a_connection_counts_under_one_network_at_a_time() {
        let addresses = AddressCounts::new(NonZeroU32::new(1));
        let slot = || AddressSlot::new(Arc::clone(&addresses));
        let (first, second) = (slot(), slot());
        assert_eq!(first.count_under(address("2001:db8::1")), Ok(()));
        assert_eq!(first.count_under(address("2001:db8::2")), Ok(()), "the same network");
        assert_eq!(second.count_under(address("2001:db8::3")), Err(TooManyConnections));
        assert_eq!(second.count_under(address("10.0.0.1")), Ok(()));
        assert_eq!(
            second.count_under(address("2001:db8::3")),
            Err(TooManyConnections),
            "it still counts under 10.0.0.1"
        );
        assert_eq!(first.count_under(address("10.0.0.1")), Err(TooManyConnections));
        assert_eq!(first.count_under(address("10.0.0.2")), Ok(()), "it no longer counts under 2001:db8::/64");
        assert_eq!(second.count_under(address("2001:db8::3")), Ok(()));
        drop((first, second));
        assert!(addresses.open.lock().is_empty(), "memory does not grow with the number of networks seen");
    }

    #[test]
    fn the_address_from_a_proxy_may_have_a_port() {
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
    fn without_a_limit_no_connection_is_refused() {
        let addresses = AddressCounts::new(None);
        let slots: Vec<_> = (0..10_000).map(|_| AddressSlot::new(Arc::clone(&addresses))).collect();
        assert!(slots.iter().all(|slot| slot.count_under(address("10.0.0.1")).is_ok()));
    }
}
