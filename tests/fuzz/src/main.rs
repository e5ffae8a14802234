//! libFuzzer for one target, which the environment variable `TARGET` names.
#![no_main]

use std::{env, sync::LazyLock};

use natter_fuzz::{Target, target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("TARGET={name} is no target"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
