"""Backups with PostgreSQL's own programs, sealed with age, and drills that restore them (ADR 0018).

config    where things are          programs  PostgreSQL's programs and the account to run them as
sealing   gzip and age, streamed    contents  a base backup checked on its way past
segments  names of the log's files  store     the files of the backups
wal       the log received, sealed  full      one full backup
feeder    the log for a recovery    recovery  a cluster from a backup, at a point in time
facts     what a database holds     instant   a moment at which live and copy must be equal
drill     restore, compare, report  emergency a restore for good
desk      what is asked and done    keeper    the program that does all this by itself
"""
