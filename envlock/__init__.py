"""envlock: environments that are the same everywhere, declared in env.toml and pinned in env.lock.

cli           flags in, text out
workflows     the steps of each command, in order
manifest      env.toml
lockfile      env.lock
solvers       what is wanted -> what is locked
sources       where packages are, and fetching them
debian        Debian's packages: indexes, solving, files
history       git: what was, versions, labels, runs
environments  packages on this machine
images        packages in a container image
registry      images over the network
interchange   files of other tools, read and written
oci           layers, layouts, archives
model         frozen values and pure functions
system        processes, HTTP, files, caches
"""

__version__ = "0.1.0"
