//! The properties that the fuzz targets check (`fuzz/`), for every seed and every input that once broke one.

#[path = "../../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the crate of the fuzz targets is read as a module here")]
#[expect(clippy::expect_used, reason = "in a test, a broken premise is a panic")]
mod properties;

use std::path::Path;

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 8] = [
    ("compact_jws", properties::compact_jws::check),
    ("header", properties::header::check),
    ("claims", properties::claims::check),
    ("jwk_set", properties::jwk_set::check),
    ("metadata", properties::metadata::check),
    ("policy_file", properties::policy_file::check),
    ("form_body", properties::form_body::check),
    ("problem_details", properties::problem_details::check),
];

#[test]
fn every_seed_of_the_fuzz_targets_keeps_their_properties() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds"));
    for (target, check) in TARGETS {
        let mut count = 0;
        for seed in std::fs::read_dir(seeds.join(target)).unwrap() {
            let seed = seed.unwrap().path();
            println!("{}", seed.display());
            check(&std::fs::read(&seed).unwrap());
            count += 1;
        }
        assert!(count >= 4, "{target} has {count} seeds");
    }
    check_nothing_is_left_out(seeds);
}

fn check_nothing_is_left_out(seeds: &Path) {
    let manifest = std::fs::read_to_string(seeds.join("../Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len(), "a target that is not run here");
    assert_eq!(std::fs::read_dir(seeds).unwrap().count(), TARGETS.len(), "seeds of no target");
}
