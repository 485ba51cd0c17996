"""Files of data points: leases, upload, download and garbage collection.

A blob is stored once per content, however many attachments reference it. Its row in `stored_file` exists before the
blob and after it, so a crash at any point leaves no blob without a row and no attachment without its blob:

1. *acquire* a lease: a transaction writes the row, with the key that the blob will have;
2. upload the blob, unless it exists;
3. *pin* it in the transaction that writes the attachments; this fails if the row was marked as deleting meanwhile.

The garbage collector takes rows that no attachment references and whose lease has expired: it marks them as deleting,
deletes the blobs, then the rows. A content uploaded again after the mark gets a new key, so that an upload never races
with a deletion.
"""
