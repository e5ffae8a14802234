//! The open sockets, by the grant they were opened with.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::oneshot;

use crate::security::Grant;

/// Why a socket is ended from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goodbye {
    /// The grant no longer holds: logged out, password changed, account deleted.
    Revoked,
    /// The server stops; another will take over.
    Restart,
}

/// An entry stays until its socket has closed; the sender goes with the goodbye.
type Open = HashMap<u64, (Grant, Option<oneshot::Sender<Goodbye>>)>;

#[derive(Default)]
pub struct Registry {
    next: AtomicU64,
    open: Mutex<Open>,
}

/// A socket's entry; leaves the registry when dropped.
pub struct Registered {
    registry: Arc<Registry>,
    id: u64,
    /// Resolves when the socket has to end.
    pub goodbye: oneshot::Receiver<Goodbye>,
}

impl Registry {
    pub fn register(self: &Arc<Self>, grant: Grant) -> Registered {
        let id = self.next.fetch_add(1, Relaxed);
        let (sender, goodbye) = oneshot::channel();
        self.lock().insert(id, (grant, Some(sender)));
        metrics::gauge!("natter_sockets").increment(1.0);
        Registered { registry: Arc::clone(self), id, goodbye }
    }

    /// Ends the sockets whose grant `whose` picks.
    pub fn end(&self, why: Goodbye, whose: impl Fn(&Grant) -> bool) {
        for (grant, sender) in self.lock().values_mut() {
            if whose(grant)
                && let Some(sender) = sender.take()
            {
                let _ = sender.send(why);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The grants with an open socket, each once.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants: HashMap<_, Grant> = HashMap::new();
        for (grant, _) in self.lock().values() {
            grants.insert(grant.token(), *grant);
        }
        grants.into_values().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.id);
        metrics::gauge!("natter_sockets").decrement(1.0);
    }
}
