//! `cargo xtask web`: the façade for JavaScript, as an npm package in `pkg/`.

pub(crate) fn run(_: &[String]) -> Result<(), String> {
    Err("not yet".into())
}
pub(crate) fn test(_: &[String]) -> Result<(), String> {
    Err("not yet".into())
}
pub(crate) fn test_binding() -> Result<(), String> {
    Err("not yet".into())
}
pub(crate) fn pack() -> Result<(), String> {
    Err("not yet".into())
}
