fn main() {
    let want = std::env::args().nth(1).unwrap_or_default();
    for (name, scenario) in natter_model::scenarios::all() {
        if name.contains(&want) {
            let r = std::panic::catch_unwind(|| natter_model::check::exhaustively(name, scenario));
            if let Err(e) = r { println!("  {name} FAILED {:?}", e.downcast_ref::<String>().map(|s| s.lines().next().unwrap_or_default().to_owned())); }
        }
    }
}
