//! Where a user is signed in, and ending that.

use super::{
    Grant,
    login::LoginService,
    sessions::{Stored, Visit},
};
use crate::{
    domain::{Timestamp, TokenId, User},
    store,
};

/// The sessions that began with one login, on one device. Each of the three servers may have one of its own.
#[derive(Debug)]
pub struct OpenSession {
    /// The id of the login's token. All sessions that have it end together.
    pub token: TokenId,
    /// The latest one; `None` if there was none since the update of an earlier natter.
    pub visit: Option<Visit>,
    ids: Vec<[u8; 32]>,
    grants: Vec<Grant>,
}

impl OpenSession {
    /// Whether it has the session with this stored id.
    pub fn has(&self, id: &[u8; 32]) -> bool {
        self.ids.contains(id)
    }
}

impl LoginService {
    /// The open sessions of `user`, the one that was used last first.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn open_sessions(&self, user: &User) -> store::Result<Vec<OpenSession>> {
        let (now, mut open) = (Timestamp::now(), Vec::<OpenSession>::new());
        for row in self.store.sessions_of(user.key).await?.into_iter().filter(|row| row.expires > now) {
            let Some(Stored { grant, grants, visit }) = Stored::read(&row) else { continue };
            if (grant.user(), grant.version()) != (user.key, user.version) {
                continue;
            }
            let device = |visit: &Option<Visit>| visit.as_ref().map(|visit| visit.device.clone());
            let known = open.iter_mut().find(|one| one.token == grant.token() && device(&one.visit) == device(&visit));
            match known {
                Some(known) => {
                    known.ids.push(row.id);
                    known.grants.extend(grants);
                    if at(&visit) > at(&known.visit) {
                        known.visit = visit;
                    }
                }
                None => open.push(OpenSession { token: grant.token(), visit, ids: vec![row.id], grants }),
            }
        }
        // logged out on another server: the session there is still stored
        let tokens: Vec<_> = open.iter().map(|one| (user.key, user.version, one.token)).collect();
        let void = self.store.void_tokens(&tokens).await?;
        open.retain(|one| !void.contains(&one.token));
        open.sort_by_key(|one| std::cmp::Reverse(at(&one.visit)));
        Ok(open)
    }

    /// Ends a session: its tokens, and the sockets and other sessions that began with them. The token of who asks may be
    /// among its earlier ones: it stays, unless that session itself is meant.
    ///
    /// # Errors
    /// The store's error if it does not answer. A part of it may have ended then; a repeat ends the rest.
    pub async fn end_session(&self, session: &OpenSession, asking: TokenId) -> store::Result<()> {
        let ends = |grant: &&Grant| grant.token() != asking || session.token == asking;
        for grant in session.grants.iter().filter(ends) {
            self.revoke(grant).await?;
        }
        for id in &session.ids {
            self.store.delete_session(id).await?;
        }
        Ok(())
    }
}

fn at(visit: &Option<Visit>) -> i64 {
    visit.as_ref().map_or(0, |visit| visit.at)
}
