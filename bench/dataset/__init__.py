"""A database as after half a year of use: a million sessions of all kinds, a few of them active."""
