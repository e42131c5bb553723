"""The embedded AWS: ministack with a local Athena in front of it, for laptops and tests.

Never imported by `dags/` or `plugins/`. `python -m local_aws --help` starts and stops it; README.md tells the rest.
"""
