/*
 * A driver for coffre in one file of C: objects in a directory, over the process protocol.
 *
 *     cc -std=c11 -O2 -o process_driver process_driver.c
 *
 * coffre starts it, speaks to it over its standard input and output, and ends it. What it says is
 * specified in docs/reference/process-protocol.md; how to use it is told in
 * docs/how-to/driver-in-another-language.md. Nothing but the C library is used.
 *
 * An object is one file, <root>/objects/<tenant>/<container>/<identifier>: its bytes, then its
 * record as one line of JSON, then sixteen bytes that say how long the record is. So bytes and
 * record appear, are replaced and go together. "head -c SIZE" gives the bytes alone.
 *
 * A put writes a file aside, flushes it to the device, links it into place and flushes the
 * directory: a reader sees the whole object or none, one that is there is only replaced when that
 * was asked for, and of several writers one wins. What a crash leaves lies in <root>/parts and is
 * swept. A directory without our marker is an offer that is away: a disk that is not mounted must
 * not look like an empty offer.
 *
 * Everything happens in one loop, frame by frame; up to sixteen requests are open at a time.
 * Memory is bounded, but for the names of one container, which a listing sorts in memory.
 */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* --- The protocol ----------------------------------------------------------------------------- */

enum frame {
    HELLO = 1, OPEN, READY, REQUEST, RESULT, ERROR, DATA, PAGE, END, COMMIT, CREDIT, CANCEL,
    WORKING, CLOSE
};

enum {
    HEADER = 12,
    MAX_DATA = 1024 * 1024,
    MAX_MESSAGE = 256 * 1024,
    OPEN_REQUESTS = 16,     /* at a time */
    AHEAD = 4,              /* frames of a put that may be under way */
    PAGE_ENTRIES = 500,
    NAME = 255,             /* longest name of the contract, and of most file systems */
    PATH = 1024,
    FOOTER = 16
};

static const char MAGIC[] = "\ncoffre\n";   /* after eight hexadecimal digits */
static const char MARKER[] = "coffre-process.json";

static unsigned char input[MAX_DATA];
static char message[MAX_MESSAGE + 1];

static void finish(int status);

static void broken(const char *why)
{
    fprintf(stderr, "the other side broke the protocol: %s\n", why);
    finish(2);
}

/* Reads exactly so many bytes. The end of the input is the end of the session. */
static void receive(void *buffer, size_t length)
{
    unsigned char *at = buffer;

    while (length > 0) {
        ssize_t got = read(STDIN_FILENO, at, length);
        if (got == 0)
            finish(0);
        if (got < 0 && errno != EINTR)
            finish(1);
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
}

static uint32_t number_at(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void number_to(unsigned char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
}

static void send_frame(enum frame kind, uint32_t id, const void *payload, size_t length)
{
    unsigned char header[HEADER] = {(unsigned char)kind};
    struct iovec parts[2] = {{header, HEADER}, {(void *)payload, length}};
    int first = 0;

    number_to(header + 4, id);
    number_to(header + 8, (uint32_t)length);
    while (first < 2) {
        ssize_t sent = writev(STDOUT_FILENO, parts + first, 2 - first);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            finish(1);  /* nobody listens any more */
        for (; first < 2 && (size_t)sent >= parts[first].iov_len; first++)
            sent -= (ssize_t)parts[first].iov_len;
        if (first < 2) {
            parts[first].iov_base = (char *)parts[first].iov_base + sent;
            parts[first].iov_len -= (size_t)sent;
        }
    }
}

static void send_credit(uint32_t id, uint32_t frames)
{
    unsigned char count[4];

    number_to(count, frames);
    send_frame(CREDIT, id, count, sizeof count);
}

/* --- JSON: as much of it as the protocol needs ------------------------------------------------ */

/* A piece of text that is somewhere else; "at" is NULL when there is none. */
struct span {
    const char *at;
    size_t length;
};

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static const char *skip_text(const char *at, const char *end)
{
    if (at == end || *at++ != '"')
        return NULL;
    while (at < end && *at != '"') {
        if (*at == '\\')
            at++;
        at++;
    }
    return at < end ? at + 1 : NULL;
}

/* What follows one value, or NULL: text, number, word, or what is in brackets. */
static const char *skip_value(const char *at, const char *end, int depth)
{
    at = skip_space(at, end);
    if (at == end || depth > 16)
        return NULL;
    if (*at == '"')
        return skip_text(at, end);
    if (*at != '{' && *at != '[') {
        const char *start = at;
        while (at < end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *at) && *at != '\0')
            at++;
        return at > start ? at : NULL;
    }
    const char close = *at == '{' ? '}' : ']';
    const bool named = *at++ == '{';
    at = skip_space(at, end);
    if (at < end && *at == close)
        return at + 1;
    while (at != NULL && at < end) {
        if (named) {
            at = skip_text(skip_space(at, end), end);
            if (at == NULL || (at = skip_space(at, end)) == end || *at++ != ':')
                return NULL;
        }
        at = skip_value(at, end, depth + 1);
        if (at == NULL || (at = skip_space(at, end)) == end)
            return NULL;
        if (*at == close)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
    return NULL;
}

static bool is_object(struct span json)
{
    return json.at != NULL && json.length > 0 && *json.at == '{'
        && skip_value(json.at, json.at + json.length, 0) == json.at + json.length;
}

/* The value of one member of an object that is_object has seen. */
static struct span member(struct span object, const char *name)
{
    const struct span none = {NULL, 0};
    const char *end = object.at + object.length;
    const char *at = skip_space(object.at + 1, end);

    while (at < end && *at == '"') {
        const char *key = at + 1;
        at = skip_text(at, end);
        const size_t length = (size_t)(at - 1 - key);
        at = skip_space(skip_space(at, end) + 1, end);
        const char *value = at;
        at = skip_value(at, end, 1);
        if (length == strlen(name) && memcmp(key, name, length) == 0)
            return (struct span){value, (size_t)(at - value)};
        at = skip_space(at, end);
        if (at < end && *at == ',')
            at = skip_space(at + 1, end);
    }
    return none;
}

static int hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter |= 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or -1. */
static long hex_four(const char *at, const char *end)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = at + i < end ? hex_digit(at[i]) : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t put_utf8(char *out, long code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* One \u escape, surrogate pairs joined; where it ends, or NULL. */
static const char *unescape_code(const char *at, const char *end, char *out, size_t *used)
{
    long code = hex_four(at, end);

    if (code < 0)
        return NULL;
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        long low = hex_four(at + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
        }
    }
    *used += put_utf8(out + *used, code);
    return at;
}

/* A text without its quotes and escapes; false when it is none, does not fit, or holds a NUL. */
static bool text_of(struct span value, char *out, size_t room)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t used = 0;

    if (value.length < 2 || *value.at != '"')
        return false;
    const char *at = value.at + 1, *end = value.at + value.length - 1;
    while (at < end) {
        if (used + 5 > room)
            return false;
        if (*at != '\\') {
            out[used++] = *at++;
        } else if (at[1] == 'u') {
            at = unescape_code(at + 2, end, out, &used);
            if (at == NULL)
                return false;
        } else {
            const char *found = at[1] != '\0' ? strchr(from, at[1]) : NULL;
            if (found == NULL)
                return false;
            out[used++] = to[found - from];
            at += 2;
        }
    }
    out[used] = '\0';
    return strlen(out) == used;
}

static bool whole_of(struct span value, uint64_t *number)
{
    char digits[21], *end;

    if (value.length == 0 || value.length > 20)
        return false;
    memcpy(digits, value.at, value.length);
    digits[value.length] = '\0';
    errno = 0;
    *number = strtoull(digits, &end, 10);
    return *digits >= '0' && *digits <= '9' && *end == '\0' && errno == 0;
}

static bool is_true(struct span value)
{
    return value.length == 4 && memcmp(value.at, "true", 4) == 0;
}

/* JSON being written. What does not fit makes the rest of the session impossible. */
struct out {
    char at[MAX_MESSAGE];
    size_t used;
};

static struct out out;

static void write_bytes(const char *bytes, size_t length)
{
    if (length > sizeof out.at - out.used)
        broken("an answer would be too long");
    memcpy(out.at + out.used, bytes, length);
    out.used += length;
}

static void write_format(const char *format, ...)
{
    char piece[PATH + 512];
    va_list values;

    va_start(values, format);
    int length = vsnprintf(piece, sizeof piece, format, values);
    va_end(values);
    if (length < 0 || (size_t)length >= sizeof piece)
        broken("an answer would be too long");
    write_bytes(piece, (size_t)length);
}

/* Text in quotes. What is not printable ASCII is left out: all our texts are. */
static void write_text(const char *text)
{
    write_bytes("\"", 1);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            write_bytes("\\", 1);
        if (*text >= ' ' && *text < 0x7F)
            write_bytes(text, 1);
    }
    write_bytes("\"", 1);
}

static void send_json(enum frame kind, uint32_t id)
{
    send_frame(kind, id, out.at, out.used);
    out.used = 0;
}

static void send_error(uint32_t id, const char *code, const char *text)
{
    bool retryable = strcmp(code, "offer-unavailable") == 0;

    out.used = 0;
    write_format("{\"code\":\"%s\",\"retryable\":%s,\"message\":", code,
                 retryable ? "true" : "false");
    write_text(text);
    if (retryable)
        write_format(",\"effect_unknown\":false");
    write_format("}");
    send_json(ERROR, id);
}

/* What the system said, in the words of the contract. */
static void send_failure(uint32_t id, int number)
{
    const char *code = "offer-failed";

    switch (number) {
    case ENOSPC: case EDQUOT: case EFBIG: case EMLINK:
        code = "offer-full";
        break;
    case EACCES: case EPERM: case EROFS:
        code = "forbidden";
        break;
    case ENOENT: case ENODEV: case ENXIO: case ESTALE: case EMFILE: case ENFILE: case ENOMEM:
        code = "offer-unavailable";
        break;
    case EISDIR: case ELOOP: case ENOTDIR: case EILSEQ:
        code = "object-corrupt";
        break;
    }
    send_error(id, code, number == EILSEQ ? "the file is not an object of ours" : strerror(number));
}

/* --- Digests ---------------------------------------------------------------------------------- */

/*
 * The six algorithms of the contract, so that the offer can digest what it holds. They share the
 * gathering of blocks; each has a function for one block. A full block waits until more bytes
 * come, because the last one of BLAKE2b is treated otherwise.
 */
enum algorithm { SHA512, SHA384, SHA256, SHA3_512, BLAKE2B, MD5, ALGORITHMS };

static const struct {
    const char *name;
    size_t block, length;   /* bytes */
} ALGORITHM[ALGORITHMS] = {
    {"sha512", 128, 64}, {"sha384", 128, 48}, {"sha256", 64, 32},
    {"sha3-512", 72, 64}, {"blake2b", 128, 64}, {"md5", 64, 16}
};

enum { DIGEST_TEXT = 8 + 1 + 128 + 1 };     /* "sha3-512", a colon, 64 bytes in hexadecimal, NUL */

struct digest {
    enum algorithm algorithm;
    uint64_t state[25];
    uint64_t length;        /* bytes so far, less than 2^61 */
    size_t held;            /* bytes in the block */
    unsigned char block[128];
};

/* Square roots of the first eight primes: of SHA-512 and BLAKE2b, and, halved, of SHA-256. */
static const uint64_t ROOTS[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179
};

/* Square roots of the next eight: of SHA-384. */
static const uint64_t NEXT_ROOTS[8] = {
    0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4
};

/* Cube roots of the first eighty primes: of SHA-512, and, halved, of SHA-256. */
static const uint64_t ROUND[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817
};

static uint64_t turned(uint64_t word, int by)
{
    return word >> by | word << (64 - by);
}

static uint32_t turned32(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t word = 0;

    while (bytes-- > 0)
        word = word << 8 | at[bytes];
    return word;
}

/* One round (FIPS 180-4, section 6.4). The words change names, not places: much faster. */
#define STEP(a, b, c, d, e, f, g, h, t) do { \
    uint64_t one = (h) + (turned(e, 14) ^ turned(e, 18) ^ turned(e, 41)) \
                 + ((g) ^ ((e) & ((f) ^ (g)))) + ROUND[t] + w[t]; \
    (d) += one; \
    (h) = one + (turned(a, 28) ^ turned(a, 34) ^ turned(a, 39)) \
        + (((a) & (b)) | ((c) & ((a) | (b)))); \
} while (0)

static void sha512_block(uint64_t state[8], const unsigned char *block)
{
    uint64_t w[80];
    uint64_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint64_t e = state[4], f = state[5], g = state[6], h = state[7];

    for (int t = 0; t < 16; t++, block += 8)
        w[t] = (uint64_t)number_at(block) << 32 | number_at(block + 4);
    for (int t = 16; t < 80; t++)
        w[t] = w[t - 16] + w[t - 7]
             + (turned(w[t - 15], 1) ^ turned(w[t - 15], 8) ^ w[t - 15] >> 7)
             + (turned(w[t - 2], 19) ^ turned(w[t - 2], 61) ^ w[t - 2] >> 6);
    for (int t = 0; t < 80; t += 8) {
        STEP(a, b, c, d, e, f, g, h, t);
        STEP(h, a, b, c, d, e, f, g, t + 1);
        STEP(g, h, a, b, c, d, e, f, t + 2);
        STEP(f, g, h, a, b, c, d, e, t + 3);
        STEP(e, f, g, h, a, b, c, d, t + 4);
        STEP(d, e, f, g, h, a, b, c, t + 5);
        STEP(c, d, e, f, g, h, a, b, t + 6);
        STEP(b, c, d, e, f, g, h, a, t + 7);
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/* FIPS 180-4, section 6.2: as above, with half words, fewer rounds and other turns. */
static void sha256_block(uint64_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];

    for (int t = 0; t < 16; t++)
        w[t] = number_at(block + 4 * t);
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + w[t - 7]
             + (turned32(w[t - 15], 7) ^ turned32(w[t - 15], 18) ^ w[t - 15] >> 3)
             + (turned32(w[t - 2], 17) ^ turned32(w[t - 2], 19) ^ w[t - 2] >> 10);
    for (int i = 0; i < 8; i++)
        v[i] = (uint32_t)state[i];
    for (int t = 0; t < 64; t++) {
        uint32_t one = v[7] + (turned32(v[4], 6) ^ turned32(v[4], 11) ^ turned32(v[4], 25))
                     + (v[6] ^ (v[4] & (v[5] ^ v[6]))) + (uint32_t)(ROUND[t] >> 32) + w[t];
        uint32_t two = (turned32(v[0], 2) ^ turned32(v[0], 13) ^ turned32(v[0], 22))
                     + ((v[0] & v[1]) | (v[2] & (v[0] | v[1])));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        state[i] = (uint32_t)(state[i] + v[i]);
}

/* FIPS 202, section 3.3: Keccak-f[1600], over a block of 72 bytes. */
static void sha3_block(uint64_t a[25], const unsigned char *block)
{
    static const uint64_t IOTA[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
        0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008
    };
    static const int RHO[24] = {
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44
    };
    static const int PI[24] = {
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1
    };
    uint64_t c[5], moving;

    for (int i = 0; i < 9; i++)
        a[i] ^= little(block + 8 * i, 8);
    for (int round = 0; round < 24; round++) {
        for (int x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int i = 0; i < 25; i++)
            a[i] ^= c[(i + 4) % 5] ^ turned(c[(i + 1) % 5], 63);
        moving = a[1];
        for (int i = 0; i < 24; i++) {
            uint64_t next = a[PI[i]];
            a[PI[i]] = turned(moving, 64 - RHO[i]);
            moving = next;
        }
        for (int y = 0; y < 25; y += 5) {
            memcpy(c, a + y, sizeof c);
            for (int x = 0; x < 5; x++)
                a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
        }
        a[0] ^= IOTA[round];
    }
}

static void blake2b_mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = turned(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = turned(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 63);
}

/* RFC 7693, section 3.2. */
static void blake2b_block(uint64_t h[8], const unsigned char *block, uint64_t length, bool last)
{
    static const char ORDER[10][17] = {
        "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
        "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
        "6fe9b308c2d714a5", "a2847615fb9e3cd0"
    };
    uint64_t m[16], v[16];

    for (int i = 0; i < 16; i++) {
        m[i] = little(block + 8 * i, 8);
        v[i] = i < 8 ? h[i] : ROOTS[i - 8];
    }
    v[12] ^= length;
    if (last)
        v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        uint64_t s[16];
        for (int i = 0; i < 16; i++)
            s[i] = m[hex_digit(ORDER[round % 10][i])];
        for (int i = 0; i < 4; i++)
            blake2b_mix(v, i, 4 + i, 8 + i, 12 + i, s[2 * i], s[2 * i + 1]);
        for (int i = 0; i < 4; i++)
            blake2b_mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, s[8 + 2 * i],
                        s[9 + 2 * i]);
    }
    for (int i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

/* RFC 1321, section 3.4. Good against decay only: anyone can make two objects with one MD5. */
static void md5_block(uint64_t state[4], const unsigned char *block)
{
    static const uint32_t SINES[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
        0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
        0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
        0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
        0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
        0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
        0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
        0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
        0xeb86d391
    };
    static const int TURN[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}
    };
    static const int STEP_OF[4][2] = {{1, 0}, {5, 1}, {3, 5}, {7, 0}};
    uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1];
    uint32_t c = (uint32_t)state[2], d = (uint32_t)state[3];

    for (int t = 0; t < 64; t++) {
        const int part = t / 16, at = (STEP_OF[part][0] * t + STEP_OF[part][1]) % 16;
        const uint32_t f = part == 0 ? ((b & c) | (~b & d)) : part == 1 ? ((d & b) | (~d & c))
                         : part == 2 ? (b ^ c ^ d) : (c ^ (b | ~d));
        const uint32_t sum = a + f + SINES[t] + (uint32_t)little(block + 4 * at, 4);
        a = d;
        d = c;
        c = b;
        b += turned32(sum, 32 - TURN[part][t % 4]);
    }
    state[0] = (uint32_t)(state[0] + a);
    state[1] = (uint32_t)(state[1] + b);
    state[2] = (uint32_t)(state[2] + c);
    state[3] = (uint32_t)(state[3] + d);
}

static void digest_block(struct digest *digest, const unsigned char *block)
{
    switch (digest->algorithm) {
    case SHA3_512:
        sha3_block(digest->state, block);
        break;
    case BLAKE2B:
        blake2b_block(digest->state, block, digest->length, false);
        break;
    case SHA256:
        sha256_block(digest->state, block);
        break;
    case MD5:
        md5_block(digest->state, block);
        break;
    default:
        sha512_block(digest->state, block);
    }
}

static void digest_begin(struct digest *digest, enum algorithm algorithm)
{
    static const uint64_t MD5_START[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

    memset(digest, 0, sizeof *digest);
    digest->algorithm = algorithm;
    if (algorithm == MD5)
        memcpy(digest->state, MD5_START, sizeof MD5_START);
    else if (algorithm != SHA3_512)
        memcpy(digest->state, algorithm == SHA384 ? NEXT_ROOTS : ROOTS, sizeof ROOTS);
    if (algorithm == SHA256)
        for (int i = 0; i < 8; i++)
            digest->state[i] >>= 32;
    if (algorithm == BLAKE2B)
        digest->state[0] ^= 0x01010000 ^ 64;    /* no key, 64 bytes of digest */
}

static void digest_take(struct digest *digest, const unsigned char *data, size_t length)
{
    const size_t block = ALGORITHM[digest->algorithm].block;

    while (length > 0) {
        if (digest->held == block) {
            digest_block(digest, digest->block);
            digest->held = 0;
        }
        if (digest->held == 0 && length > block) {
            /* As they lie, without a copy. */
            digest->length += block;
            digest_block(digest, data);
            data += block;
            length -= block;
            continue;
        }
        size_t taken = block - digest->held < length ? block - digest->held : length;
        memcpy(digest->block + digest->held, data, taken);
        digest->held += taken;
        digest->length += taken;
        data += taken;
        length -= taken;
    }
}

/* The length in bits at the end of the last block, after a one and zeros: all but two do this. */
static void pad_with_length(struct digest *digest)
{
    const size_t block = ALGORITHM[digest->algorithm].block;
    const uint64_t bits = digest->length * 8;
    const unsigned char one = 0x80, zero = 0;

    /* SHA-512 and SHA-384 keep sixteen bytes for the length, of which eight are always zero. */
    digest_take(digest, &one, 1);
    while (digest->held % block > block - block / 8)
        digest_take(digest, &zero, 1);
    while (digest->held % block != block - 8)
        digest_take(digest, &zero, 1);
    for (int i = 0; i < 8; i++)
        digest->block[block - 8 + (size_t)i] =
            (unsigned char)(bits >> (digest->algorithm == MD5 ? 8 * i : 56 - 8 * i));
    digest_block(digest, digest->block);
}

/* The digest as the protocol writes it: name, colon, hexadecimal digits. */
static void digest_text(struct digest *digest, char text[DIGEST_TEXT])
{
    const size_t block = ALGORITHM[digest->algorithm].block;
    bool little_end = digest->algorithm >= SHA3_512;
    size_t word = digest->algorithm == SHA256 || digest->algorithm == MD5 ? 4 : 8;

    if (digest->algorithm == BLAKE2B) {
        memset(digest->block + digest->held, 0, block - digest->held);
        blake2b_block(digest->state, digest->block, digest->length, true);
    } else if (digest->algorithm == SHA3_512) {
        if (digest->held == block) {
            digest_block(digest, digest->block);
            digest->held = 0;
        }
        memset(digest->block + digest->held, 0, block - digest->held);
        digest->block[digest->held] ^= 0x06;
        digest->block[block - 1] ^= 0x80;
        digest_block(digest, digest->block);
    } else {
        pad_with_length(digest);
    }
    text += sprintf(text, "%s:", ALGORITHM[digest->algorithm].name);
    for (size_t i = 0; i < ALGORITHM[digest->algorithm].length; i++) {
        size_t at = little_end ? i % word : word - 1 - i % word;
        text += sprintf(text, "%02x", (unsigned)(digest->state[i / word] >> (8 * at) & 0xFF));
    }
}

/* The algorithm that a member names; SHA-512 when there is no such member; or ALGORITHMS. */
static enum algorithm algorithm_of(struct span value)
{
    char name[16];
    int found = SHA512;

    if (value.at == NULL)
        return SHA512;
    if (!text_of(value, name, sizeof name))
        return ALGORITHMS;
    while (found < ALGORITHMS && strcmp(name, ALGORITHM[found].name) != 0)
        found++;
    return (enum algorithm)found;
}

/* --- The directory ---------------------------------------------------------------------------- */

static int root = -1;
static char root_path[PATH];
static unsigned long parts_made;

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NAME && *name != '.'
        && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@-.")
            == length;
}

static bool is_tenant(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= 10 && strspn(name, "0123456789") == length;
}

/* "<folder>/<tenant>/<container>/<identifier>" of a reference; false when it is none. */
static bool path_of(struct span value, const char *folder, char *path)
{
    char ref[3 * NAME];

    if (!text_of(value, ref, sizeof ref))
        return false;
    char *container = strchr(ref, '/');
    char *identifier = container != NULL ? strchr(container + 1, '/') : NULL;
    if (identifier == NULL)
        return false;
    *container++ = '\0';
    *identifier++ = '\0';
    if (!is_tenant(ref) || !is_name(container) || !is_name(identifier))
        return false;
    snprintf(path, PATH, "%s/%s/%s/%s", folder, ref, container, identifier);
    return true;
}

/* Makes the names in a directory durable. */
static int flush_folder(const char *folder)
{
    int fd = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    int result = fsync(fd);
    int number = errno;
    close(fd);
    errno = number;
    return result;
}

static void folder_of(const char *path, char *folder)
{
    size_t length = (size_t)(strrchr(path, '/') - path);

    memcpy(folder, path, length);
    folder[length] = '\0';
}

/* Makes the folders above a path, durably. */
static int make_folders(const char *path)
{
    char folder[PATH], above[PATH] = ".";

    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);
        memcpy(folder, path, length);
        folder[length] = '\0';
        if (mkdirat(root, folder, 0777) == 0) {
            if (flush_folder(above) < 0)
                return -1;
        } else if (errno != EEXIST) {
            return -1;
        }
        memcpy(above, folder, length + 1);
    }
    return 0;
}

static int write_all(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t done = write(fd, at, length);
        if (done < 0 && errno != EINTR)
            return -1;
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        }
    }
    return 0;
}

/* Reads so many bytes from a place, or fails; a file that ends before is not ours. */
static int read_at(int fd, void *buffer, size_t length, uint64_t offset)
{
    char *at = buffer;

    while (length > 0) {
        ssize_t done = pread(fd, at, length, (off_t)offset);
        if (done < 0 && errno != EINTR)
            return -1;
        if (done == 0) {
            errno = EILSEQ;
            return -1;
        }
        if (done > 0) {
            at += done;
            offset += (uint64_t)done;
            length -= (size_t)done;
        }
    }
    return 0;
}

/* Whether our directory is still what its path leads to, and has its marker. */
static bool offer_is_there(void)
{
    struct stat ours, there;

    if (fstat(root, &ours) < 0 || stat(root_path, &there) < 0)
        return false;
    errno = ENOENT;
    return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino
        && faccessat(root, MARKER, F_OK, 0) == 0;
}

/* An object that is open, and where its bytes end and its record begins. */
struct held {
    int fd;
    uint64_t size;
    size_t record;          /* its length */
};

static int open_object(const char *path, struct held *held)
{
    char footer[FOOTER + 1] = "", *end;
    struct stat found;

    held->fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (held->fd < 0)
        return -1;
    errno = EILSEQ;
    if (fstat(held->fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_size >= FOOTER
        && read_at(held->fd, footer, FOOTER, (uint64_t)found.st_size - FOOTER) == 0
        && strcmp(footer + 8, MAGIC) == 0) {
        held->record = strtoul(footer, &end, 16);
        if (end == footer + 8 && held->record + FOOTER <= (uint64_t)found.st_size) {
            held->size = (uint64_t)found.st_size - FOOTER - held->record;
            return 0;
        }
        errno = EILSEQ;
    }
    int number = errno;
    close(held->fd);
    errno = number;
    return -1;
}

/* Answers that an object could not be opened: absent only when the offer itself is there. */
static void send_not_opened(uint32_t id, int number)
{
    if (number != ENOENT)
        send_failure(id, number);
    else if (offer_is_there())
        send_error(id, "object-not-found", "the offer does not hold it");
    else
        send_error(id, "offer-unavailable", "the directory of the offer is away");
}

/* Writes {"size":N and, when asked to, what the record says; false when the record is damaged. */
static bool write_described(const struct held *held, bool describe)
{
    out.used = 0;
    write_format("{\"size\":%llu", (unsigned long long)held->size);
    if (describe) {
        if (held->record < 2 || held->record > sizeof out.at - 64
            || read_at(held->fd, out.at + out.used, held->record, held->size) < 0)
            return false;
        if (!is_object((struct span){out.at + out.used, held->record}))
            return false;
        out.at[out.used] = ',';     /* in the place of its opening brace */
        out.used += held->record - 1;
    }
    write_bytes("}", 1);
    return true;
}

/* --- Requests that are open ------------------------------------------------------------------- */

enum kind { NONE, PUTTING, GETTING, LISTING };

struct request {
    enum kind kind;
    uint32_t id;
    int fd;
    uint64_t size, done;    /* bytes announced and received; to be sent, and sent */
    uint64_t offset;
    uint64_t credit;        /* frames that may still be sent */
    struct digest digest;   /* of what was received */
    char path[PATH], part[64];
    char *metadata;         /* JSON as it came, or NULL */
    bool replace, containers;
    char **names;           /* of a listing, sorted */
    size_t count, next, told;
    uint64_t limit;
};

static struct request requests[OPEN_REQUESTS];

static struct request *request_of(uint32_t id)
{
    for (int i = 0; i < OPEN_REQUESTS; i++)
        if (requests[i].kind != NONE && requests[i].id == id)
            return &requests[i];
    return NULL;
}

static struct request *new_request(uint32_t id, enum kind kind)
{
    for (int i = 0; i < OPEN_REQUESTS; i++)
        if (requests[i].kind == NONE) {
            memset(&requests[i], 0, sizeof requests[i]);
            requests[i].kind = kind;
            requests[i].id = id;
            requests[i].fd = -1;
            return &requests[i];
        }
    broken("more requests are open than were allowed");
    return NULL;
}

static void forget(struct request *request)
{
    if (request->fd >= 0)
        close(request->fd);
    if (request->part[0] != '\0')
        unlinkat(root, request->part, 0);
    for (size_t i = 0; i < request->count; i++)
        free(request->names[i]);
    free(request->names);
    free(request->metadata);
    request->kind = NONE;
}

static void finish(int status)
{
    for (int i = 0; i < OPEN_REQUESTS; i++)
        if (requests[i].kind != NONE)
            forget(&requests[i]);
    exit(status);
}

static void fail(struct request *request, int number)
{
    uint32_t id = request->id;

    forget(request);
    send_failure(id, number);
}

static void refuse(struct request *request, const char *code, const char *text)
{
    uint32_t id = request->id;

    forget(request);
    send_error(id, code, text);
}

/* --- Put -------------------------------------------------------------------------------------- */

/* Opens a file aside, locked for as long as it is written: a sweep leaves it alone. */
static int open_part(struct request *request)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    snprintf(request->part, sizeof request->part, "parts/%ld-%lu.part", (long)getpid(),
             parts_made++);
    request->fd = openat(root, request->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (request->fd < 0 && errno == EEXIST)
        return open_part(request);      /* of a process that died and had our number */
    if (request->fd < 0) {
        request->part[0] = '\0';
        return -1;
    }
    fcntl(request->fd, F_SETLK, &lock);
    return 0;
}

static void begin_put(uint32_t id, struct span json)
{
    struct request *request = new_request(id, PUTTING);
    struct span metadata = member(json, "metadata");

    request->replace = is_true(member(json, "replace"));
    enum algorithm algorithm = algorithm_of(member(json, "algorithm"));
    if (algorithm == ALGORITHMS) {
        refuse(request, "unsupported", "this driver does not know the algorithm");
        return;
    }
    digest_begin(&request->digest, algorithm);
    if (member(json, "retain_until").at != NULL) {
        refuse(request, "unsupported", "this offer knows no retention");
        return;
    }
    if (!path_of(member(json, "ref"), "objects", request->path)
        || !whole_of(member(json, "size"), &request->size)) {
        refuse(request, "offer-failed", "the request is not understood");
        return;
    }
    if (metadata.at != NULL) {
        request->metadata = malloc(metadata.length + 1);
        if (request->metadata == NULL) {
            fail(request, ENOMEM);
            return;
        }
        memcpy(request->metadata, metadata.at, metadata.length);
        request->metadata[metadata.length] = '\0';
    }
    if (!offer_is_there() || open_part(request) < 0) {
        fail(request, errno);
        return;
    }
    send_credit(id, AHEAD);
}

static void take_data(struct request *request, const unsigned char *data, size_t length)
{
    if (request->kind != PUTTING)
        broken("data for a request that is not a put");
    if (length > request->size - request->done) {
        refuse(request, "size-mismatch", "more bytes were received than announced");
        return;
    }
    if (write_all(request->fd, data, length) < 0) {
        fail(request, errno);
        return;
    }
    digest_take(&request->digest, data, length);
    request->done += length;
    send_credit(request->id, 1);
}

/* Appends the record and says how long it is. */
static int write_record(struct request *request, const char *digest)
{
    char when[32], footer[FOOTER + 1];
    struct timespec now;
    struct tm parts;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    out.used = 0;
    write_format("{\"recorded_size\":%llu,\"recorded\":\"%s\",\"stored_at\":\"%s.%06ldZ\"",
                 (unsigned long long)request->done, digest, when, now.tv_nsec / 1000);
    if (request->metadata != NULL) {
        write_format(",\"metadata\":");
        write_bytes(request->metadata, strlen(request->metadata));
    }
    write_format("}");
    snprintf(footer, sizeof footer, "%08zx%s", out.used, MAGIC);
    write_bytes(footer, FOOTER);
    return write_all(request->fd, out.at, out.used);
}

/* Whether what is there holds the bytes that were received; read and compared now. */
static bool same_bytes(struct request *request)
{
    static unsigned char ours[64 * 1024], theirs[64 * 1024];
    struct held held;
    bool same;

    if (open_object(request->path, &held) < 0)
        return false;
    same = held.size == request->done;
    for (uint64_t at = 0; same && at < held.size; at += sizeof ours) {
        size_t length = held.size - at < sizeof ours ? (size_t)(held.size - at) : sizeof ours;
        same = read_at(held.fd, theirs, length, at) == 0
            && read_at(request->fd, ours, length, at) == 0 && memcmp(ours, theirs, length) == 0;
        if (at % (64 << 20) == 0)
            send_frame(WORKING, request->id, NULL, 0);
    }
    if (same)
        same = fsync(held.fd) == 0;     /* whoever wrote it may have died before */
    close(held.fd);
    return same;
}

/* 1 when it was published, 0 when the same bytes were there, -1 with errno otherwise. */
static int publish(struct request *request)
{
    if (make_folders(request->path) < 0)
        return -1;
    if (linkat(root, request->part, root, request->path, 0) == 0)
        return 1;
    if (errno != EEXIST)
        return -1;
    if (same_bytes(request))
        return 0;
    if (!request->replace) {
        errno = EEXIST;
        return -1;
    }
    if (renameat(root, request->part, root, request->path) < 0)
        return -1;
    request->part[0] = '\0';
    return 1;
}

static void commit(struct request *request, struct span json)
{
    char computed[DIGEST_TEXT], digest[160], folder[PATH];
    uint64_t size, id = request->id, done = request->done;

    if (request->kind != PUTTING)
        broken("a commit of a request that is not a put");
    digest_text(&request->digest, computed);
    if (!whole_of(member(json, "size"), &size) || size != done || size != request->size) {
        refuse(request, "size-mismatch", "other bytes were received than announced");
        return;
    }
    if (!text_of(member(json, "digest"), digest, sizeof digest) || strcmp(digest, computed) != 0) {
        refuse(request, "digest-mismatch", "the bytes received have another digest");
        return;
    }
    folder_of(request->path, folder);
    int published = -1;
    if (write_record(request, digest) == 0 && fsync(request->fd) == 0)
        published = publish(request);
    if (published < 0 && errno == EEXIST) {
        refuse(request, "object-conflict", "the reference holds other bytes; they stay");
        return;
    }
    if (published < 0 || flush_folder(folder) < 0) {
        fail(request, errno);
        return;
    }
    forget(request);
    out.used = 0;
    write_format("{\"size\":%llu,\"digest\":\"%s\",\"evidence\":\"%s\",\"already_there\":%s,"
                 "\"durable\":true}", (unsigned long long)done, computed,
                 published ? "present" : "reported", published ? "false" : "true");
    send_json(RESULT, (uint32_t)id);
}

/* --- Get, stat, delete ------------------------------------------------------------------------ */

static void go_on_getting(struct request *request)
{
    static unsigned char data[MAX_DATA];
    uint32_t id = request->id;

    while (request->credit > 0 && request->done < request->size) {
        uint64_t left = request->size - request->done;
        size_t length = left < MAX_DATA ? (size_t)left : MAX_DATA;
        if (read_at(request->fd, data, length, request->offset + request->done) < 0) {
            fail(request, errno);
            return;
        }
        send_frame(DATA, id, data, length);
        request->done += length;
        request->credit--;
    }
    if (request->done == request->size) {
        forget(request);
        send_frame(END, id, NULL, 0);
    }
}

static void begin_get(uint32_t id, struct span json)
{
    struct request *request = new_request(id, GETTING);
    struct span offset = member(json, "offset"), length = member(json, "length");
    struct span describe = member(json, "describe");
    struct held held;

    if (!path_of(member(json, "ref"), "objects", request->path)
        || (offset.at != NULL && !whole_of(offset, &request->offset))
        || (length.at != NULL && !whole_of(length, &request->size))) {
        refuse(request, "offer-failed", "the request is not understood");
        return;
    }
    if (open_object(request->path, &held) < 0) {
        int number = errno;
        forget(request);
        send_not_opened(id, number);
        return;
    }
    request->fd = held.fd;
    if (length.at == NULL)
        request->size = held.size - request->offset;
    if (request->offset > held.size || request->size > held.size - request->offset) {
        refuse(request, "invalid-range", "the range lies outside the object");
        return;
    }
    if (!write_described(&held, describe.at == NULL || is_true(describe))) {
        fail(request, EILSEQ);
        return;
    }
    send_json(RESULT, id);
    go_on_getting(request);
}

/* Digests the whole object, as it is now; says from time to time that it is still at it. */
static int digest_object(uint32_t id, const struct held *held, enum algorithm algorithm, char *text)
{
    static unsigned char data[64 * 1024];
    struct digest digest;

    digest_begin(&digest, algorithm);
    for (uint64_t at = 0; at < held->size; at += sizeof data) {
        uint64_t left = held->size - at;
        size_t length = left < sizeof data ? (size_t)left : sizeof data;
        if (read_at(held->fd, data, length, at) < 0)
            return -1;
        digest_take(&digest, data, length);
        if (at % (64 << 20) == 0 && at > 0)
            send_frame(WORKING, id, NULL, 0);
    }
    digest_text(&digest, text);
    return 0;
}

static void answer_stat(uint32_t id, struct span json)
{
    char path[PATH], text[DIGEST_TEXT] = "";
    struct span wanted = member(json, "digest");
    enum algorithm algorithm = algorithm_of(wanted);
    struct held held;

    if (!path_of(member(json, "ref"), "objects", path)) {
        send_error(id, "offer-failed", "the request is not understood");
        return;
    }
    if (algorithm == ALGORITHMS) {
        send_error(id, "unsupported", "this driver does not know the algorithm");
        return;
    }
    if (open_object(path, &held) < 0) {
        send_not_opened(id, errno);
        return;
    }
    bool good = wanted.at == NULL || digest_object(id, &held, algorithm, text) == 0;
    int number = errno;
    if (good && !write_described(&held, true)) {
        good = false;
        number = EILSEQ;
    }
    close(held.fd);
    if (!good) {
        send_failure(id, number);
        return;
    }
    if (wanted.at != NULL) {
        out.used--;     /* the closing brace */
        write_format(",\"digest\":\"%s\"}", text);
    }
    send_json(RESULT, id);
}

static void answer_delete(uint32_t id, struct span json)
{
    char path[PATH], folder[PATH];
    bool existed;

    if (!path_of(member(json, "ref"), "objects", path)) {
        send_error(id, "offer-failed", "the request is not understood");
        return;
    }
    folder_of(path, folder);
    existed = unlinkat(root, path, 0) == 0;
    if (!existed && (errno != ENOENT || !offer_is_there())) {
        send_failure(id, errno);
        return;
    }
    /* Also when it was absent: who removed it may have died before the name was flushed. */
    if (flush_folder(folder) < 0 && errno != ENOENT) {
        send_failure(id, errno);
        return;
    }
    out.used = 0;
    write_format("{\"existed\":%s}", existed ? "true" : "false");
    send_json(RESULT, id);
}

/* --- List, containers ------------------------------------------------------------------------- */

static int by_bytes(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static int add_name(struct request *request, const char *name)
{
    /* Room is doubled whenever the number of names is a power of two. */
    if ((request->count & (request->count - 1)) == 0) {
        size_t room = request->count > 0 ? request->count * 2 : 1;
        char **more = realloc(request->names, room * sizeof *more);
        if (more == NULL)
            return -1;
        request->names = more;
    }
    request->names[request->count] = strdup(name);
    return request->names[request->count++] != NULL ? 0 : -1;
}

static DIR *open_folder(const char *path)
{
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && folder == NULL)
        close(fd);
    return folder;
}

/* Every name in a folder that begins with the prefix and comes after the text given. */
static int gather(struct request *request, const char *path, const char *prefix, const char *after)
{
    DIR *folder = open_folder(path);
    struct dirent *entry;

    if (folder == NULL)
        return errno == ENOENT && offer_is_there() ? 0 : -1;
    while (errno = 0, (entry = readdir(folder)) != NULL)
        if (is_name(entry->d_name) && strcmp(entry->d_name, after) > 0
            && strncmp(entry->d_name, prefix, strlen(prefix)) == 0
            && add_name(request, entry->d_name) < 0)
            break;
    int number = errno;
    closedir(folder);
    errno = number;
    return number == 0 ? 0 : -1;
}

/* One entry of a page; false when the object is gone since its name was read. */
static bool write_entry(struct request *request, const char *name, bool first)
{
    char path[PATH];
    struct held held;
    struct stat found;
    uint64_t size;

    if (request->containers) {
        write_format("%s[%.*s,\"%s\"]", first ? "" : ",", (int)strcspn(name, "/"), name,
                     strchr(name, '/') + 1);
        return true;
    }
    snprintf(path, sizeof path, "%.700s/%s", request->path, name);
    if (open_object(path, &held) == 0) {
        size = held.size;
        close(held.fd);
    } else if (fstatat(root, path, &found, AT_SYMLINK_NOFOLLOW) == 0) {
        size = (uint64_t)found.st_size;     /* not one of ours: whoever audits must see it */
    } else {
        return false;
    }
    write_format("%s[\"%s\",%llu]", first ? "" : ",", name, (unsigned long long)size);
    return true;
}

static void go_on_listing(struct request *request)
{
    uint32_t id = request->id;

    while (request->credit > 0 && request->next < request->count
           && request->told < request->limit) {
        size_t entries = 0;
        out.used = 0;
        write_format("{\"entries\":[");
        while (entries < PAGE_ENTRIES && request->next < request->count
               && request->told < request->limit)
            if (write_entry(request, request->names[request->next++], entries == 0)) {
                entries++;
                request->told++;
            }
        write_format("]}");
        send_json(PAGE, id);
        request->credit--;
    }
    if (request->next == request->count || request->told == request->limit) {
        out.used = 0;
        write_format("{\"count\":%zu}", request->told);
        forget(request);
        send_json(END, id);
    }
}

static void begin_list(uint32_t id, struct span json)
{
    struct request *request = new_request(id, LISTING);
    struct span limit = member(json, "limit"), after = member(json, "after");
    struct span prefix = member(json, "prefix");
    char container[NAME + 6], from[4 * PATH] = "", begins[4 * PATH] = "";
    uint64_t tenant;

    request->limit = UINT64_MAX;
    if (!whole_of(member(json, "tenant"), &tenant) || tenant > INT32_MAX
        || !text_of(member(json, "container"), container, sizeof container)
        || !is_name(container) || (limit.at != NULL && !whole_of(limit, &request->limit))
        || (after.at != NULL && !text_of(after, from, sizeof from))
        || (prefix.at != NULL && !text_of(prefix, begins, sizeof begins))) {
        refuse(request, "offer-failed", "the request is not understood");
        return;
    }
    snprintf(request->path, PATH, "objects/%llu/%s", (unsigned long long)tenant, container);
    if (gather(request, request->path, begins, from) < 0) {
        fail(request, errno);
        return;
    }
    if (request->count > 0)
        qsort(request->names, request->count, sizeof *request->names, by_bytes);
    go_on_listing(request);
}

static int by_tenant(const void *one, const void *other)
{
    const char *a = *(char *const *)one, *b = *(char *const *)other;
    unsigned long long x = strtoull(a, NULL, 10), y = strtoull(b, NULL, 10);

    return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

static void begin_containers(uint32_t id)
{
    struct request *request = new_request(id, LISTING);
    struct request found = {.kind = NONE};
    char path[PATH], name[2 * PATH];
    int result = gather(&found, "objects", "", "");

    request->containers = true;
    request->limit = UINT64_MAX;
    for (size_t i = 0; i < found.count && result == 0; i++) {
        struct request inside = {.kind = NONE};
        if (!is_tenant(found.names[i]))
            continue;
        snprintf(path, sizeof path, "objects/%s", found.names[i]);
        result = gather(&inside, path, "", "");
        for (size_t j = 0; j < inside.count && result == 0; j++) {
            snprintf(name, sizeof name, "%s/%s", found.names[i], inside.names[j]);
            result = add_name(request, name);
        }
        inside.fd = -1;
        forget(&inside);
    }
    int number = errno;
    found.fd = -1;
    forget(&found);
    if (result < 0) {
        fail(request, number);
        return;
    }
    if (request->count > 0)
        qsort(request->names, request->count, sizeof *request->names, by_tenant);
    go_on_listing(request);
}

/* --- Quarantine, sweep, capacity -------------------------------------------------------------- */

static int keep_reason(const char *place, struct span reason)
{
    char path[PATH + 8];

    snprintf(path, sizeof path, "%s.reason", place);
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    int result = write_all(fd, reason.at, reason.length) == 0 ? fsync(fd) : -1;
    int number = errno;
    close(fd);
    errno = number;
    return result;
}

static void answer_quarantine(uint32_t id, struct span json)
{
    char path[PATH], folder[PATH], place[PATH];
    struct span reason = member(json, "reason");
    struct held held;
    struct stat found;

    if (reason.at == NULL || !path_of(member(json, "ref"), "objects", path)
        || !path_of(member(json, "ref"), "quarantine", folder)) {
        send_error(id, "offer-failed", "the request is not understood");
        return;
    }
    if (fstatat(root, path, &found, AT_SYMLINK_NOFOLLOW) < 0) {
        send_not_opened(id, errno);
        return;
    }
    uint64_t size = (uint64_t)found.st_size;
    if (open_object(path, &held) == 0) {
        size = held.size;
        close(held.fd);
    }
    snprintf(place, sizeof place, "%.900s/%lld-%ld-%lu", folder, (long long)time(NULL),
             (long)getpid(), parts_made++);
    folder_of(path, folder);
    if (make_folders(place) < 0 || keep_reason(place, reason) < 0
        || renameat(root, path, root, place) < 0 || flush_folder(folder) < 0) {
        send_failure(id, errno);
        return;
    }
    folder_of(place, folder);
    if (flush_folder(folder) < 0) {
        send_failure(id, errno);
        return;
    }
    out.used = 0;
    write_format("{\"place\":\"%s\",\"size\":%llu}", place, (unsigned long long)size);
    send_json(RESULT, id);
}

/* Whether somebody writes it: we ourselves, or whoever holds its lock. */
static bool is_written(const char *path, int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (int i = 0; i < OPEN_REQUESTS; i++)
        if (requests[i].kind == PUTTING && strcmp(requests[i].part, path) == 0)
            return true;
    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void answer_sweep(uint32_t id, struct span json)
{
    struct span value = member(json, "older_than");
    unsigned long long removed = 0, kept = 0, freed = 0;
    char path[PATH], digits[64] = "";
    DIR *folder = open_folder("parts");
    struct dirent *entry;
    struct stat found;

    if (folder == NULL) {
        send_failure(id, errno);
        return;
    }
    if (value.at != NULL && value.length < sizeof digits)
        memcpy(digits, value.at, value.length);
    while ((entry = readdir(folder)) != NULL) {
        if (strstr(entry->d_name, ".part") == NULL)
            continue;
        snprintf(path, sizeof path, "parts/%s", entry->d_name);
        int fd = openat(root, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        bool old = fstat(fd, &found) == 0 && difftime(time(NULL), found.st_mtime) >= atof(digits);
        if (old && !is_written(path, fd) && unlinkat(root, path, 0) == 0) {
            removed++;
            freed += (unsigned long long)found.st_size;
        } else {
            kept++;
        }
        close(fd);
    }
    closedir(folder);
    out.used = 0;
    write_format("{\"removed\":%llu,\"kept\":%llu,\"freed\":%llu}", removed, kept, freed);
    send_json(RESULT, id);
}

static void answer_capacity(uint32_t id)
{
    struct statvfs found;

    if (!offer_is_there() || fstatvfs(root, &found) < 0) {
        send_failure(id, errno);
        return;
    }
    unsigned long long unit = found.f_frsize;
    out.used = 0;
    write_format("{\"total\":%llu,\"used\":%llu,\"free\":%llu}", found.f_blocks * unit,
                 (found.f_blocks - found.f_bfree) * unit, found.f_bavail * unit);
    send_json(RESULT, id);
}

/* --- The session ------------------------------------------------------------------------------ */

static void say_hello(void)
{
    write_format("{\"protocol\":\"1.0\",\"contract\":\"1.0\",\"name\":\"c-directory\","
                 "\"version\":\"1.0\",\"requests\":%d,\"algorithms\":[", OPEN_REQUESTS);
    for (int i = 0; i < ALGORITHMS; i++)
        write_format("%s\"%s\"", i > 0 ? "," : "", ALGORITHM[i].name);
    write_format("],\"parameters\":["
                 "{\"name\":\"create\",\"type\":\"flag\","
                 "\"help\":\"make the directory an offer if it is empty or missing\"},"
                 "{\"name\":\"password\",\"type\":\"secret\","
                 "\"help\":\"what the offer was made with, if it was made with one\"}]}");
    send_json(HELLO, 0);
}

/* The path in "file:///path" or "/path"; false when there is none. */
static bool path_in_url(struct span value, char *path)
{
    char url[PATH];
    const char *at = url;

    if (!text_of(value, url, sizeof url))
        return false;
    const bool quoted = strncmp(url, "file://", 7) == 0;
    if (quoted)
        at += 7;
    if (*at != '/')
        return false;
    while (*at != '\0')
        if (quoted && *at == '%' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
            *path++ = (char)(hex_digit(at[1]) << 4 | hex_digit(at[2]));
            at += 3;
        } else {
            *path++ = *at++;
        }
    *path = '\0';
    return true;
}

/* Whether a directory holds nothing but what a new offer begins with. */
static bool holds_nothing_else(void)
{
    DIR *folder = open_folder(".");
    struct dirent *entry;
    bool empty = folder != NULL;

    while (empty && (entry = readdir(folder)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
             || strcmp(entry->d_name, "objects") == 0 || strcmp(entry->d_name, "parts") == 0
             || strcmp(entry->d_name, "quarantine") == 0 || strcmp(entry->d_name, MARKER) == 0;
    if (folder != NULL)
        closedir(folder);
    return empty;
}

/*
 * What the marker says: that this is an offer, and the digest of its password. The password keeps
 * apart users who mean each other no harm, and shows how a program is told a secret. Whoever may
 * read the directory can read the objects.
 */
static size_t marker_text(struct span password, char *text)
{
    struct digest given;
    char digest[DIGEST_TEXT];

    digest_begin(&given, SHA512);
    if (password.at != NULL)
        digest_take(&given, (const unsigned char *)password.at, password.length);
    digest_text(&given, digest);
    return (size_t)sprintf(text, "{\"layout\":1,\"password\":\"%s\"}\n",
                           password.at != NULL ? digest : "");
}

static bool password_fits(struct span password)
{
    char wanted[256], found[256];
    size_t length = marker_text(password, wanted);
    int fd = openat(root, MARKER, O_RDONLY | O_CLOEXEC);
    bool fits = fd >= 0 && read_at(fd, found, length, 0) == 0
             && memcmp(wanted, found, length) == 0;

    if (fd >= 0)
        close(fd);
    return fits;
}

/* Makes a directory an offer; the marker last, when everything else is durable. */
static int make_offer(struct span password)
{
    char text[256], aside[64];
    size_t length = marker_text(password, text);

    if (make_folders("objects/") < 0 || make_folders("parts/") < 0
        || make_folders("quarantine/") < 0)
        return -1;
    snprintf(aside, sizeof aside, "parts/%ld.marker", (long)getpid());
    int fd = openat(root, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write_all(fd, text, length) < 0 || fsync(fd) < 0 || close(fd) < 0)
        return -1;
    /* Of several that make it at a time, the first one decides. */
    int linked = linkat(root, aside, root, MARKER, 0);
    if (linked < 0 && errno != EEXIST)
        return -1;
    unlinkat(root, aside, 0);
    return flush_folder(".");
}

static void open_offer(struct span json)
{
    struct span values = member(json, "values");
    struct span password = {NULL, 0};
    bool create = false;

    if (is_object(values)) {
        create = is_true(member(values, "create"));
        password = member(values, "password");
    }

    if (root >= 0)
        broken("the offer is open already");
    if (!path_in_url(member(json, "url"), root_path)) {
        send_error(0, "invalid-parameter", "the URL is not a directory: write file:///path");
        return;
    }
    if (create)
        mkdir(root_path, 0777);
    root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        send_failure(0, errno);
        return;
    }
    if (!offer_is_there()) {
        if (!create || !holds_nothing_else()) {
            send_error(0, create ? "forbidden" : "offer-unavailable",
                       create ? "the directory holds other things" : "the directory is no offer");
            return;
        }
        if (make_offer(password) < 0) {
            send_failure(0, errno);
            return;
        }
    }
    if (!password_fits(password)) {
        send_error(0, "forbidden", "the offer was made with another password, or with none");
        return;
    }
    write_format("{\"capabilities\":[\"metadata\",\"recorded-digest\",\"replace\",\"create-only\","
                 "\"range-read\",\"offer-digest\",\"containers\",\"quarantine\",\"sweep\"]}");
    send_json(READY, 0);
}

static void begin_request(uint32_t id, struct span json)
{
    char operation[32];

    if (root < 0 || request_of(id) != NULL)
        broken("a request where none can be");
    if (!text_of(member(json, "operation"), operation, sizeof operation))
        operation[0] = '\0';
    if (strcmp(operation, "put") == 0)
        begin_put(id, json);
    else if (strcmp(operation, "get") == 0)
        begin_get(id, json);
    else if (strcmp(operation, "stat") == 0)
        answer_stat(id, json);
    else if (strcmp(operation, "delete") == 0)
        answer_delete(id, json);
    else if (strcmp(operation, "list") == 0)
        begin_list(id, json);
    else if (strcmp(operation, "containers") == 0)
        begin_containers(id);
    else if (strcmp(operation, "quarantine") == 0)
        answer_quarantine(id, json);
    else if (strcmp(operation, "sweep") == 0)
        answer_sweep(id, json);
    else if (strcmp(operation, "capacity") == 0)
        answer_capacity(id);
    else
        send_error(id, "unsupported", "this driver does not know the operation");
}

static void take_credit(struct request *request, size_t length)
{
    if (length != 4 || request->kind == PUTTING)
        broken("frames granted where none can be");
    request->credit += number_at((unsigned char *)message);
    if (request->kind == GETTING)
        go_on_getting(request);
    else
        go_on_listing(request);
}

/* One frame. Those of a request that is over are passed by: they crossed its answer. */
static void take_frame(void)
{
    unsigned char header[HEADER];

    receive(header, HEADER);
    const uint32_t id = number_at(header + 4), length = number_at(header + 8);
    const bool data = header[0] == DATA;
    if (header[1] != 0 || header[2] != 0 || header[3] != 0
        || length > (data ? MAX_DATA : MAX_MESSAGE))
        broken("not a frame");
    receive(data ? input : (unsigned char *)message, length);
    message[data ? 0 : length] = '\0';
    struct request *request = request_of(id);
    struct span json = {message, length};
    switch (header[0]) {
    case HELLO: case OPEN: case REQUEST: case COMMIT:
        if (!is_object(json))
            broken("not JSON");
        break;
    }
    switch (header[0]) {
    case HELLO:
        say_hello();
        break;
    case OPEN:
        open_offer(json);
        break;
    case REQUEST:
        begin_request(id, json);
        break;
    case DATA:
        if (request != NULL)
            take_data(request, input, length);
        break;
    case COMMIT:
        if (request != NULL)
            commit(request, json);
        break;
    case CREDIT:
        if (request != NULL)
            take_credit(request, length);
        break;
    case CANCEL:
        if (request != NULL)
            refuse(request, "cancelled", "given up, as asked");
        break;
    case CLOSE:
        finish(0);
        break;
    default:
        broken("a frame of no known type");
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);   /* a write that fails says so, and parts are removed */
    for (;;)
        take_frame();
}
