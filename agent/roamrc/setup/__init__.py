"""The first five minutes and the last: starter profiles, learn, npm's present proxy, removal. Floor 3."""
