//! What the types forbid.

#[test]
fn authorization_cannot_be_forged_copied_or_forgotten() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
