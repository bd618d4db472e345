# The commands of this repository. `just` lists them.

set positional-arguments

# List the commands.
default:
    @just --list --unsorted

# Both companies, over TLS, and every scenario between them.
demo *ARGS:
    cargo demo "$@"

# Every test that needs nothing but the toolchain.
test:
    cargo test --workspace

# The tester's tool: `just scenarios list`, `just scenarios run --tags @scope`.
scenarios *ARGS:
    cargo scenarios "$@"

# What must hold before a change lands.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo deny check bans licenses sources

# Format the sources.
fmt:
    cargo fmt --all

# The benchmarks behind docs/performance.md.
bench:
    cargo bench --workspace

# The whole gate, as it runs before a change lands.
ci:
    .ci/run

# The gate and the long mode.
ci-long:
    BRIDGE_LONG=1 .ci/run
