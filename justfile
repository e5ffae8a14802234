# Commands. `just` lists them.

_default:
    @just --list

# Start natter on http://localhost:7000
run *args:
    cargo run --release -- {{args}}

# Start it quick to build, with cheap passwords and debug logs; assets are read from static/ as they change
dev *args:
    NATTER_BCRYPT_COST=4 NATTER_LOG=info,natter=debug cargo run -- {{args}}

# All tests, installing what they need
test *args:
    tests/run {{args}}

# What a change has to pass, in under half an hour
ci:
    .ci/run

# All there is: what a change has to pass, generated requests, more cases for each property, the cluster, every bench
full:
    tests/full

# The browser tests alone
e2e *args:
    tests/run --test browser -- {{args}}

# Figures of this machine, beside references of the same run
bench *args:
    tests/bench/run {{args}}

# A cluster on this machine, one of each killed under load, and what was lost, doubled and misordered
cluster *args:
    tests/cluster/run {{args}}
