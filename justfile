# `just` lists these commands.

_default:
    @just --list

# Start natter on http://localhost:7000
run *args:
    cargo run --release -- {{args}}

# Start a debug build with cheap password hashes and debug logs
dev *args:
    NATTER_BCRYPT_COST=4 NATTER_LOG=info,natter=debug cargo run -- {{args}}

# Install what the tests need, and run them all
test *args:
    tests/run {{args}}

# Run what a change has to pass, in under half an hour
ci:
    .ci/run

# Check the dependencies: known vulnerabilities, licences, sources
deny:
    tests/deny/run

# Run everything: `ci`, more cases for each property, generated API requests, the cluster, every bench
full:
    tests/full

# Run the browser tests
e2e *args:
    tests/run --test browser -- {{args}}

# Measure natter and its references on this machine
bench *args:
    tests/bench/run {{args}}

# Let something go wrong under load, and count what is lost: `just drill power --rounds 100`; tests/drill/README.md lists them
drill *args:
    cargo build --quiet --release --package natter
    cargo run --quiet --release --package natter-drill -- {{args}}

# Run all drills. It takes hours
drills:
    tests/drill/run

# Look for inputs that break something, a minute for each target: `just fuzz 3600 markdown`; tests/fuzz/README.md lists them
fuzz *args:
    tests/fuzz/run {{args}}

# Run a cluster on this machine, kill a server of each kind under load, and report lost, doubled and misordered messages
cluster *args:
    tests/cluster/run {{args}}
