use bridge_limits::{Line, LineBudget, Rate};
use bridge_testkit::ManualClock;
use std::sync::Arc;
use std::time::Duration;

fn budget() -> (Arc<ManualClock>, LineBudget<&'static str>) {
    let clock = Arc::new(ManualClock::default());
    clock.advance(Duration::from_mins(1));
    (clock.clone(), LineBudget::new(Rate::per_second(2), clock))
}

fn write(budget: &LineBudget<&'static str>, lines: usize) {
    for _ in 0..lines {
        budget.line("missing");
    }
}

#[test]
fn writes_the_first_lines_of_each_kind_in_each_second() {
    let (clock, budget) = budget();
    for _ in 0..2 {
        let lines: Vec<Line> = (0..3).map(|_| budget.line("missing")).collect();
        assert_eq!((lines[1], lines[2]), (Line::Write, Line::Suppress));
        assert_eq!(budget.line("expired"), if lines[0] == Line::Write { Line::Write } else { Line::WriteAfter(1) });
        budget.line("expired");
        budget.line("expired");
        clock.advance(Duration::from_secs(1));
    }
}

#[test]
fn tells_once_how_many_lines_a_second_left_out() {
    let (clock, budget) = budget();
    write(&budget, 7);
    assert_eq!(budget.left_out(), [], "the second is not over");
    clock.advance(Duration::from_secs(1));
    assert_eq!(budget.left_out(), [("missing", 5)]);
    assert_eq!(budget.left_out(), []);
    write(&budget, 3);
    clock.advance(Duration::from_secs(1));
    assert_eq!(budget.line("missing"), Line::WriteAfter(1));
    assert_eq!(budget.line("missing"), Line::Write);
    assert_eq!(budget.left_out(), []);
}

#[test]
fn at_the_end_the_present_second_is_told_too() {
    let (_, budget) = budget();
    write(&budget, 7);
    assert_eq!(budget.all_left_out(), [("missing", 5)]);
    assert_eq!(budget.all_left_out(), []);
}
