//! The README's chart.

pub fn draw() -> Result<(), String> {
    Err("not yet".into())
}
