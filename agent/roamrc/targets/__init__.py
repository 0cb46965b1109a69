"""What roamrc configures: one module and one line here for each target. Floor 1.

A target module has NAME, URLS and LIST (its keys), and the pure functions `wanted` and `foreign`.
"""

from ..rules.owned import Shape
from . import npm

NPM = Shape(npm.NAME, npm.URLS, npm.LIST)
