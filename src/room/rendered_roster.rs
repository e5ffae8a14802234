//! The list of users online in a room, rendered once for everybody.

use crate::{
    net::{Frame, sync::Arc},
    render::{self, words::ByLanguage},
};

pub struct RenderedRoster {
    /// The inside of the page's list, by language.
    pub inside: ByLanguage<String>,
    /// The fragment that replaces the inside.
    pub(super) fragment: String,
    pub(super) frame: Frame,
}

impl RenderedRoster {
    pub(super) fn new(names: &[String]) -> Arc<Self> {
        let render::Roster { inside, fragment } = render::roster(names);
        let frame = Frame::text(std::iter::once(fragment.as_str()));
        Arc::new(Self { inside, fragment, frame })
    }
}
