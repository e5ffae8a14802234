use natter_model::{check::counterexample, scenarios, Rule};
fn main() {
    let want = std::env::args().nth(1).unwrap_or_default();
    for rule in Rule::ALL {
        if !format!("{rule:?}").contains(&want) { continue; }
        println!("{rule:?}");
        for (name, scenario) in scenarios::all() {
            let start = std::time::Instant::now();
            if let Some((property, path)) = counterexample(scenario, rule) {
                println!("    {name}: {property} ({:.1} s, {} steps)", start.elapsed().as_secs_f32(), path.split(") ").count());
                if !want.is_empty() { println!("      {path}"); }
            } 
        }
    }
}
