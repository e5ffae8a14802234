//! The list of users online, rendered once for everybody.

use crate::{
    net::{
        Frame,
        sync::{Arc, RwLock},
    },
    render::{self, words::ByLanguage},
};

pub struct RenderedRoster {
    /// The inside of the page's list, by language.
    pub inside: ByLanguage<String>,
    /// The fragment that replaces the inside.
    pub(super) frame: Frame,
}

/// The roster of now, shared by pages, the lobby and the hub.
#[derive(Clone)]
pub(super) struct CurrentRoster(Arc<RwLock<Arc<RenderedRoster>>>);

impl CurrentRoster {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(RenderedRoster::new(&[]))))
    }

    pub(super) fn get(&self) -> Arc<RenderedRoster> {
        Arc::clone(&self.0.read())
    }

    pub(super) fn set(&self, roster: Arc<RenderedRoster>) {
        *self.0.write() = roster;
    }
}

impl RenderedRoster {
    pub(super) fn new(names: &[String]) -> Arc<Self> {
        let render::Roster { inside, fragment } = render::roster(names);
        Arc::new(Self { inside, frame: Frame::text(std::iter::once(fragment.as_str())) })
    }
}
