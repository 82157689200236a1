-- Written and emptied again to find out whether writing works. Unlogged: what is in it is of no worth to anybody.
CREATE UNLOGGED TABLE write_probe (n integer NOT NULL);
