pub async fn measure() -> Result<(), String> {
    Err("not yet".into())
}
