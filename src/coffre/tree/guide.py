"""The guide put in the root of an offer: how to read the archive without this software.

A test restores every object of a root by following this text alone. Whoever changes the
layout changes the text.
"""

GUIDE_NAME = "README-coffre.txt"
"""Where the guide lies, in the root."""

GUIDE = """\
THIS DIRECTORY IS A DIGITAL ARCHIVE (layout 1 of coffre)

You can read it with ordinary tools. Please do not rename, edit or delete anything here by
hand: the catalogue would no longer agree with the disk.

1. WHERE THE OBJECTS ARE

    <tenant>/<container>/<xx>/<identifier>

Each such file holds the bytes of one object, exactly as they were deposited: no header, no
compression, no encryption. <tenant> is a whole number. <xx> is made of the first two
hexadecimal digits of the SHA-256 of the identifier, and only spreads the files:

    printf %s charter.pdf | sha256sum | cut -c1-2

To list all objects:    find . -mindepth 4 -maxdepth 4 -type f -not -path './.coffre/*'

2. WHAT IS KNOWN OF AN OBJECT: ITS RECORD

One line of JSON, in UTF-8:

    record     1, the version of the record
    ref        tenant/container/identifier
    size       length in bytes
    digest     algorithm:hexadecimal, such as sha512:9b71...; the digest it must have
    stored_at  when it was stored, UTC
    metadata   names and values given by the depositor, the original file name for instance
               (absent when there are none)

The record is an extended attribute of the file itself:

    getfattr --only-values -n user.coffre.record 0/object/88/charter.pdf

or, where the file system has none or the record was too long, a file of the same name under
.coffre/records:

    cat .coffre/records/0/object/88/charter.pdf

An object without a record is still an object; only the catalogue then knows its digest.

3. HOW TO CHECK AN OBJECT

Compute its digest and compare it with the one in its record:

    sha512sum 0/object/88/charter.pdf

(sha256sum, sha384sum, b2sum, md5sum, or "openssl dgst -sha3-512", as the record says.)

4. WHAT ELSE IS HERE

    .coffre/offer.json    says that this directory is an archive; without it, coffre refuses
                          to work here, because a disk that is not mounted looks like an
                          empty directory
    .coffre/records       records that are not attributes (see 2)
    .coffre/quarantine    <tenant>/<container>/<time>/: an object whose bytes were found bad,
                          set aside under its identifier; +reason.json says why
    .coffre/parts         deposits that were cut short; not objects, nothing of value

5. HOW TO COPY THE ARCHIVE

Keep the extended attributes and the directory .coffre:

    cp -a /old/. /new/        or        rsync -aX /old/ /new/

A copy without them still has every object's bytes, but not the records. A name must keep its
upper and lower case: do not copy to a file system that ignores case.
"""
