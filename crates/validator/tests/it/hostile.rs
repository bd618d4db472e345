//! Whatever comes: no panic, and nothing accepted that the issuer did not sign.

use crate::support::World;
use bridge_testkit::Forge;
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a property against one world: its token is the same in every case, so it is remembered, too.
fn against(cases: u32, property: impl Fn(&Runtime, &World, &str, &mut prop::test_runner::TestRunner)) {
    let (runtime, world) = (runtime(), World::new());
    let token = world.token().sign();
    assert_eq!(runtime.block_on(world.refusal(&token)), None);
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    property(&runtime, &world, &token, &mut runner);
}

#[test]
fn no_changed_byte_of_a_token_goes_unnoticed() {
    against(500, |runtime, world, token, runner| {
        let edits = (0..token.len(), any::<char>(), any::<bool>());
        runner
            .run(&edits, |(at, letter, replace)| {
                let end = if replace { at + 1 } else { at };
                let changed = format!("{}{letter}{}", &token[..at], &token[end..]);
                prop_assume!(changed != token);
                prop_assert!(runtime.block_on(world.refusal(&changed)).is_some(), "accepted {}", changed);
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn no_part_of_a_token_is_a_token() {
    against(200, |runtime, world, token, runner| {
        runner
            .run(&(0..token.len(), 0..token.len()), |(from, to)| {
                prop_assume!(from <= to);
                prop_assert!(runtime.block_on(world.refusal(&token[from..to])).is_some());
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn no_well_signed_nonsense_is_accepted() {
    against(300, |runtime, world, _, runner| {
        let texts = ("\\PC{0,80}", "\\PC{0,80}", any::<Vec<u8>>());
        runner
            .run(&texts, |(header, payload, bytes)| {
                let key = &world.issuer.key;
                for token in [
                    world.token().sign_header(&header),
                    world.token().sign_payload(&payload),
                    world.token().sign_payload(&bytes),
                    Forge::sign_text(key, &bytes, &payload),
                    format!("{header}.{payload}."),
                ] {
                    prop_assert!(runtime.block_on(world.refusal(&token)).is_some(), "accepted {}", token);
                }
                Ok(())
            })
            .unwrap();
    });
}
