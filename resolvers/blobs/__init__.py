"""FIELD sessions: their data points and files, saving them, and clearing away files that nobody has any more.

A content is stored once, however many data points have it. It never lacks a row (`stored_file`), and no data point has
it before it is whole:

1. *claim*: a transaction writes the row, with the key that the content will have;
2. the content goes into the object store (not where it is there already);
3. *hold*: the transaction that writes the data points, or refuses, if meanwhile the row was condemned.

Whatever stops a server between two of these leaves a row that is *loose*: nobody holds it. When the time of the last
claim has passed, the collector *condemns* such a row, from when on nobody can hold it, removes the content, and only
then *erases* the row. A content that comes again after it was condemned gets another key, so removing never meets
storing.
"""
