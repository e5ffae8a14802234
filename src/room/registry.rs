//! The open sockets, by the grant they were opened with, and how many each user has.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::{domain::UserKey, security::Grant};

/// Why a socket is ended from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The grant no longer holds: logged out, password changed, account deleted.
    Revoked,
    /// The server stops; another will take over.
    Restart,
}

/// The user has as many sockets as they may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sockets")]
pub struct TooManySockets {
    pub limit: NonZeroU32,
}

#[derive(Default)]
struct State {
    next: u64,
    /// An entry stays until its socket has closed; the sender goes with the close.
    sockets: HashMap<u64, (Grant, Option<oneshot::Sender<CloseReason>>)>,
    of_users: HashMap<UserKey, u32>,
}

#[derive(Default)]
pub struct Registry {
    state: Mutex<State>,
}

/// A socket's entry; leaves the registry when dropped.
pub struct Registration {
    registry: Arc<Registry>,
    id: u64,
    /// Resolves when the socket has to end.
    pub close: oneshot::Receiver<CloseReason>,
}

impl Registry {
    /// Enters a socket, unless its user has `limit` of them already.
    ///
    /// # Errors
    /// See [`TooManySockets`].
    pub fn register(self: &Arc<Self>, grant: Grant, limit: Option<NonZeroU32>) -> Result<Registration, TooManySockets> {
        let (sender, close) = oneshot::channel();
        let mut state = self.lock();
        let count = state.of_users.entry(grant.user()).or_default();
        if let Some(limit) = limit
            && *count >= limit.get()
        {
            metrics::counter!("natter_sockets_refused_total").increment(1);
            return Err(TooManySockets { limit });
        }
        *count += 1;
        let id = state.next;
        state.next += 1;
        state.sockets.insert(id, (grant, Some(sender)));
        metrics::gauge!("natter_sockets").increment(1.0);
        Ok(Registration { registry: Arc::clone(self), id, close })
    }

    /// Ends the sockets whose grant `whose` picks.
    pub fn end(&self, why: CloseReason, whose: impl Fn(&Grant) -> bool) {
        for (grant, sender) in self.lock().sockets.values_mut() {
            if whose(grant)
                && let Some(sender) = sender.take()
            {
                let _ = sender.send(why);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lock().sockets.is_empty()
    }

    /// The grants with an open socket, each once.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants: HashMap<_, Grant> = HashMap::new();
        for (grant, _) in self.lock().sockets.values() {
            grants.insert(grant.token(), *grant);
        }
        grants.into_values().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.registry.lock();
        let Some((grant, _)) = state.sockets.remove(&self.id) else { return };
        if let Some(count) = state.of_users.get_mut(&grant.user()) {
            *count -= 1;
            if *count == 0 {
                state.of_users.remove(&grant.user());
            }
        }
        metrics::gauge!("natter_sockets").decrement(1.0);
    }
}
