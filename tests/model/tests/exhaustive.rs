//! Every scenario, exhaustively.

use natter_model::{check::exhaustively, scenarios};

#[test]
fn posts_and_step_down() {
    exhaustively("posts and step-down", scenarios::posts_and_step_down());
}
