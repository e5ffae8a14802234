//! The open sockets of this process, by the grant that they were opened with, and their number for each user.

use std::{collections::HashMap, num::NonZeroU32};

use tokio::sync::oneshot;

use crate::{
    domain::UserKey,
    net::sync::{Arc, Mutex},
    security::Grant,
};

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The grant is no longer valid: logged out, password changed, or account deleted.
    Revoked,
    /// The server stops; the client should connect again, to this or another process.
    Restart,
}

/// The user has reached the limit of open sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sockets")]
pub struct TooManySockets {
    pub limit: NonZeroU32,
}

#[derive(Default)]
struct State {
    next_id: u64,
    /// How often grants were revoked or looked through.
    revocations: u64,
    /// A socket stays until it has closed. Its sender is taken when the close is requested.
    sockets: HashMap<u64, (Grant, Option<oneshot::Sender<CloseReason>>)>,
    sockets_of_user: HashMap<UserKey, u32>,
}

#[derive(Default)]
pub struct Registry {
    state: Mutex<State>,
}

/// A registered socket; removed from the registry when dropped.
pub struct Registration {
    registry: Arc<Registry>,
    id: u64,
    /// Whether no grant was revoked since [`Registry::revocations`] was asked: what was read of the grant since is valid.
    pub is_current: bool,
    /// Resolves when the socket must be closed.
    pub close: oneshot::Receiver<CloseReason>,
}

impl Registry {
    /// How often grants were revoked, to be asked before a grant is read from the store.
    pub fn revocations(&self) -> u64 {
        self.state.lock().revocations
    }

    /// Registers a socket. `limit`: most sockets of its user; `None` sets no limit. `revocations`: what
    /// [`Registry::revocations`] returned before the grant was read.
    ///
    /// # Errors
    /// [`TooManySockets`] if the user has `limit` sockets already.
    pub fn register(
        self: &Arc<Self>,
        grant: Grant,
        limit: Option<NonZeroU32>,
        revocations: u64,
    ) -> Result<Registration, TooManySockets> {
        let (sender, close) = oneshot::channel();
        let mut state = self.state.lock();
        let count = state.sockets_of_user.entry(grant.user()).or_default();
        if let Some(limit) = limit
            && *count >= limit.get()
        {
            metrics::counter!("natter_sockets_refused_total").increment(1);
            return Err(TooManySockets { limit });
        }
        *count += 1;
        let id = state.next_id;
        state.next_id += 1;
        state.sockets.insert(id, (grant, Some(sender)));
        metrics::gauge!("natter_sockets").increment(1.0);
        Ok(Registration { registry: Arc::clone(self), id, is_current: state.revocations == revocations, close })
    }

    /// Requests the close of all sockets whose grant matches.
    pub fn close(&self, reason: CloseReason, matches: impl Fn(&Grant) -> bool) {
        let mut state = self.state.lock();
        state.revocations += 1;
        for (grant, sender) in state.sockets.values_mut() {
            if matches(grant)
                && let Some(sender) = sender.take()
            {
                let _ = sender.send(reason);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.state.lock().sockets.is_empty()
    }

    /// The grants of the open sockets, each token once.
    pub fn grants(&self) -> Vec<Grant> {
        let mut state = self.state.lock();
        state.revocations += 1; // a socket that registers later is not among these
        let grants: HashMap<_, Grant> = state.sockets.values().map(|(grant, _)| (grant.token(), *grant)).collect();
        grants.into_values().collect()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.registry.state.lock();
        let Some((grant, _)) = state.sockets.remove(&self.id) else { return };
        if let Some(count) = state.sockets_of_user.get_mut(&grant.user()) {
            *count -= 1;
            if *count == 0 {
                state.sockets_of_user.remove(&grant.user());
            }
        }
        metrics::gauge!("natter_sockets").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grant_that_is_revoked_before_its_socket_is_registered_is_not_current() {
        let registry = Arc::<Registry>::default();
        let parts = json!({ "user": uuid::Uuid::nil(), "version": 1, "token": uuid::Uuid::nil(), "expires": 0 });
        let grant: Grant = serde_json::from_value(parts).unwrap();
        let before = registry.revocations();
        assert!(registry.register(grant, None, before).unwrap().is_current);
        registry.close(CloseReason::Revoked, |_| false); // any revocation
        assert!(!registry.register(grant, None, before).unwrap().is_current);
        let before = registry.revocations();
        registry.grants(); // all open sockets are looked through, and this one is not open yet
        assert!(!registry.register(grant, None, before).unwrap().is_current);
    }
}
