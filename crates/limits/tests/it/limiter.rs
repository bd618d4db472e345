use bridge_limits::{AddressLimiter, Exceeded, Limiter, Limiters, PeerAddress, Rate};
use bridge_testkit::ManualClock;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

const RATE: Rate = Rate::per_second(2);

fn address(number: u32) -> PeerAddress {
    IpAddr::V4(Ipv4Addr::from(number)).into()
}

#[test]
fn lets_ten_seconds_worth_in_at_once_and_then_the_rate() {
    let clock = Arc::new(ManualClock::default());
    let limiter = Limiter::new(RATE, clock.clone());
    let let_in = || (0..100).take_while(|_| limiter.check().is_ok()).count();
    assert_eq!(let_in(), 20);
    clock.advance(Duration::from_secs(1));
    assert_eq!(let_in(), 2);
    clock.advance(Duration::from_hours(1));
    assert_eq!(let_in(), 20);
}

#[test]
fn says_after_how_many_whole_seconds_to_come_back_and_keeps_its_word() {
    let clock = Arc::new(ManualClock::default());
    let limiter = Limiter::new(RATE, clock.clone());
    while limiter.check().is_ok() {}
    let Exceeded { retry_after } = limiter.check().unwrap_err();
    assert_eq!(retry_after, Duration::from_secs(1));
    clock.advance(retry_after);
    assert!(limiter.check().is_ok());
}

#[test]
fn a_refused_request_does_not_prolong_the_wait() {
    let clock = Arc::new(ManualClock::default());
    let limiter = Limiter::new(RATE, clock.clone());
    while limiter.check().is_ok() {}
    for _ in 0..1000 {
        assert!(limiter.check().is_err());
    }
    clock.advance(Duration::from_millis(500));
    assert!(limiter.check().is_ok());
}

#[test]
fn each_client_has_its_own_rate_and_a_changed_one_counts_at_once() {
    let limiters = Limiters::new(RATE, Arc::new(ManualClock::default()));
    let let_in = |client: &'static str, own: Option<Rate>| {
        (0..100).take_while(|_| limiters.of(&client, own).check().is_ok()).count()
    };
    assert_eq!((let_in("shop", None), let_in("shop", None)), (20, 0));
    assert_eq!(let_in("depot", None), 20);
    let own = Some(Rate::per_second(3));
    assert_eq!((let_in("shop", own), let_in("shop", own)), (30, 0));
}

#[test]
fn one_address_cannot_use_up_what_another_has() {
    let limiter = AddressLimiter::new(RATE, Arc::new(ManualClock::default()));
    while limiter.check(address(1)).is_ok() {}
    assert!(limiter.check(address(2)).is_ok());
}

#[test]
fn more_addresses_than_it_can_tell_apart_share_one_allowance_until_others_were_quiet() {
    let clock = Arc::new(ManualClock::default());
    let limiter = AddressLimiter::new(RATE, clock.clone());
    clock.advance(Duration::from_mins(1));
    for number in 1..=16_384 {
        assert!(limiter.check(address(number)).is_ok(), "{number}");
    }
    let strangers = (20_000..30_000).take_while(|number| limiter.check(address(*number)).is_ok()).count();
    assert_eq!(strangers, 20);
    assert!(format!("{limiter:?}").contains("addresses: 16385"), "{limiter:?}");
    clock.advance(Duration::from_mins(1));
    assert!(limiter.check(address(30_000)).is_ok());
    assert!(format!("{limiter:?}").contains("addresses: 1"), "{limiter:?}");
}
